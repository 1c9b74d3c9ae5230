"""Planning: of a task with `approve: plan` the first run may only read, and leaves a plan about which a person decides."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.model.follow.keys import NOTHING
from clodputer.model.gates.approval import PLAN, PLANNED, has_plan
from clodputer.model.outcome import SUCCEEDED, of
from clodputer.model.proof.expect import Expect
from clodputer.model.publish.rule import Publish
from clodputer.model.request import Request
from clodputer.model.run import Report
from clodputer.model.runs.attempts import Attempts
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.spool.requests import approvals

# What a planning run may use, whatever the task allows.
READING = ("Read", "Glob", "Grep")
WRITING = ("Bash", "Edit", "Write", "NotebookEdit")

SENTENCE = (
    "Do not carry this task out yet. Look at what you need, and answer with a plan: what you would change, where, and how you "
    "would make sure that it is right. A person reads it and decides. You can only read now."
)
APPROVED = (
    "A person has read your plan and approved it. Carry it out now, with all the tools that you have. Where something turns "
    "out to be different from what the plan says, keep to what it is meant to achieve."
)
ANEW = (
    "\n\nAn earlier run made a plan for this task, and a person approved it. Its conversation is gone, so here is the plan. "
    "Carry it out now.\n\n"
)


def is_due(context: Context, task: Task, request: Request) -> bool:
    """Whether the next run of the request is to make a plan: nobody has decided about it yet. Raises OSError."""
    return task.approve.mode == PLAN and approvals.read(context.home, request) is None


def restricted(task: Task) -> Task:
    """The task as its planning run has it: it may read, proves and publishes nothing, and nothing follows it."""
    said = "\n\n".join(filter(None, (task.claude.append_system_prompt, SENTENCE)))
    claude = task.claude._replace(
        allowed_tools=READING,
        disallowed_tools=tuple(dict.fromkeys((*task.claude.disallowed_tools, *WRITING))),
        permission_mode="plan",
        i_accept_the_risk=False,
        append_system_prompt=said,
        json_schema=None,
        on_denied="ignore",
        produces="text",
    )
    return task._replace(claude=claude, expect=Expect(), verify=(), follow=NOTHING, publish=Publish())


def judged(report: Report) -> Report:
    """The report of a planning run: one that has answered has made its plan, and has not done the task."""
    ended = report.outcome
    # In plan mode the agent may end with a refusal to act, and has said what it would do all the same.
    answered = isinstance(report.result, str) and report.result.strip()
    if not answered or not (ended.outcome == SUCCEEDED or ended.reason == "denied"):
        return report
    return report._replace(outcome=of(PLANNED, "It has made a plan, and waits for a person to approve it."))


def prompt(
    context: Context, task: Task, attempts: Attempts, text: str, nonce: str, *, resumed: bool, note: str
) -> Optional[str]:
    """What a run is asked whose plan was approved; None when the request had none, or a run has begun to carry it out.

    text: the task's own prompt. note: what the person said to it. Raises OSError.
    """
    if not attempts.story or not has_plan(attempts.story[-1:]):
        return None
    added = f"\n\nThe person added: {note}" if note else ""
    if attempts.session and resumed:
        return APPROVED + added
    record: dict[str, Any] = runs.record(context.home, task.name, attempts.last_run) or {}
    plan = record.get("result") or attempts.story[-1].result
    # Imported here: few requests have a plan, and it loads all that cleans texts from outside.
    from clodputer.model.text.fencing import fence

    return text + ANEW + fence(plan, nonce, "the plan of an earlier run") + added
