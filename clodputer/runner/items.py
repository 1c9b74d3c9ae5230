"""Items: how often runs about one thing failed, by the history of its task."""

from __future__ import annotations

from itertools import islice
from typing import Any, Optional

from clodputer.gates import enabled
from clodputer.gates.github import KIND as GITHUB
from clodputer.model.against import speaks_against_item
from clodputer.model.github.rule import LABEL
from clodputer.model.outcome import SKIPPED, SUCCEEDED, Outcome
from clodputer.model.request import Request, came_from
from clodputer.model.task import Task
from clodputer.store import runs
from clodputer.store.context import Context
from clodputer.store.history import History
from clodputer.store.spool import parked

# Failures longer ago are of another time, in seconds.
LONGEST = 60 * 86400.0
# Among so many runs of a task an earlier one about the item is looked for.
FURTHEST = 10_000


def counts(ended: Outcome) -> bool:
    """Whether an end speaks against the thing that its run was about."""
    return speaks_against_item(ended.outcome, ended.reason)


def goes_on(request: Request) -> bool:
    """Whether a request goes on with what runs about its item did: a comment, a review or a failed check has made it."""
    issue = request.context.get("issue")
    asked = issue.get("asked") if isinstance(issue, dict) else None
    return came_from(request) == GITHUB and isinstance(asked, dict) and asked.get("rule") != LABEL


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
