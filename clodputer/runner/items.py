"""Items: how often runs about one thing failed, by the history of its task."""

from __future__ import annotations

from itertools import islice
from typing import Any, Optional

from clodputer.gates import enabled
from clodputer.gates.github import KIND as GITHUB
from clodputer.model.gates.waiting import ITEM
from clodputer.model.github.rule import LABEL, RULES
from clodputer.model.outcome import SKIPPED, SUCCEEDED, Outcome
from clodputer.model.request import Request, came_from
from clodputer.model.runs.against import speaks_against_item
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import busy, layout, parked, queue
from clodputer.store.spool.requests import waits

# Failures longer ago are of another time, in seconds.
LONGEST = 60 * 86400.0
# Among so many runs of a task an earlier one about the item is looked for.
FURTHEST = 10_000


def counts(ended: Outcome) -> bool:
    """Whether an end speaks against the thing that its run was about."""
    return speaks_against_item(ended.outcome, ended.reason)


def goes_on(request: Request) -> bool:
    """Whether a request goes on with what runs about its item did.

    A comment, a review or a failed check has made it; or a label, while the task's own pull request is open.
    """
    asked = _asked(request)
    return asked is not None and (asked.get("rule") != LABEL or bool(asked.get("branch")))


def branch(context: Context, task: Task, request: Request) -> str:
    """The branch on the remote at which the work about the item goes on; empty where it starts again. Raises OSError."""
    asked = _asked(request)
    if asked is None or not goes_on(request):
        return ""
    from clodputer.model.publish import marker
    from clodputer.model.publish.fate import MERGED, REVERTED
    from clodputer.store.outgoing import published

    named = asked.get("branch")
    if isinstance(named, str) and marker.number_on(named, task.name) is not None:
        return named
    sent = [one for one in published.everything(context.home) if one.task == task.name and one.branch]
    latest = next((one for one in reversed(sent) if one.item == request.item), None)
    if latest is None:
        return marker.branch(task.name, request.item, request.id)
    # What was merged is where the task begins by itself.
    return "" if latest.fate in (MERGED, REVERTED) else latest.branch


def rule(request: Request) -> str:
    """By what GitHub's trigger has made the request, one of `RULES`; empty for requests of others."""
    asked = _asked(request)
    return str(asked.get("rule")) if asked is not None and asked.get("rule") in RULES else ""


def _asked(request: Request) -> Optional[dict[str, Any]]:
    """By what GitHub's trigger was asked for the request; None for requests of others."""
    issue = request.context.get("issue")
    asked = issue.get("asked") if isinstance(issue, dict) else None
    return asked if came_from(request) == GITHUB and isinstance(asked, dict) else None


def earlier(context: Context, task: Task, request: Request, history: History) -> Optional[dict[str, Any]]:
    """The record of the latest run about the request's item that left a session; None unless it goes on. Raises OSError."""
    if not goes_on(request):
        return None
    for run in islice(history.of_task(task.name), FURTHEST):
        if run.item == request.item and run.account:
            record = runs.record(context.home, task.name, run.run_id)
            if record is not None and record.get("session_id"):
                return record
    return None


def wake(context: Context) -> None:
    """Let requests be asked about again that wait for the end of a run about their item, as one has ended. Raises OSError."""
    for lane in layout.lanes(context.home):
        queue.wake(context.home, lane, _waits)


def wake_if_free(context: Context, lane: str, request: Request) -> None:
    """Let a request go on if the run that it is to wait for ended while it was put among the delayed. Raises OSError."""
    if not busy.with_item(context.home, request.task, request.item, request.id):
        queue.wake(context.home, lane, _waits, request.id)


def _waits(waiting: waits.Waiting) -> bool:
    return waiting.reason == ITEM


def requests_failed(context: Context, task: Task, history: History) -> int:
    """How many requests of the task ended without success in a row, where `auto_disable_after` asks for it. Raises OSError."""
    if not task.auto_disable_after:
        return 0
    history.renew()  # it was read before the run
    return enabled.failed_before(task, history, context)


def failures(context: Context, task: Task, request: Request, history: History, now: float) -> int:
    """How many runs of the task about the request's item failed before `now`, since one that did not, or since it was let go.

    No further than `park_after` is counted: more makes no difference. Raises OSError.
    """
    if not request.item or not task.park_after:
        return 0
    since = max(parked.let_go_at(context.home, task.name, request.item), now - LONGEST)
    number = 0
    for run in history.of_task(task.name, since):
        if run.item != request.item:
            continue
        if run.outcome in (SUCCEEDED, SKIPPED) or number >= task.park_after:
            break
        number += speaks_against_item(run.outcome, run.reason)
    return number
