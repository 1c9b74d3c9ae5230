"""What earlier runs of a task hand to its next one: the latest record, the session to go on with, the latest success."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Optional

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.records.history import History

Record = Optional[dict[str, Any]]

# Among so many runs one that succeeded, or has a session, is looked for; each record is a file that is read.
FURTHEST = 1000


def past_of(context: Context, task: Task) -> tuple[Record, Record, Record]:
    """The task's latest record, the latest with a session to continue, and the latest of a run that succeeded.

    Each is looked for only if it can be wanted.
    """
    if not (task.prompt or task.prompt_file):
        return None, None, None
    last = next(runs.records(context.home, task.name), None)
    session = success = last
    if last is not None and task.claude.session == "continue" and not last.get("session_id"):
        session = _latest(
            context, task, lambda run: bool(run.account), lambda one: bool(one.get("session_id"))
        )
    if last is not None and last.get("outcome") != SUCCEEDED:
        wanted = bool(task.prompt_file) or "last_success" in task.prompt
        success = (
            _latest(
                context,
                task,
                lambda run: run.outcome == SUCCEEDED,
                lambda one: one.get("outcome") == SUCCEEDED,
            )
            if wanted
            else None
        )
    return last, session, success


def _latest(
    context: Context, task: Task, may_be: Callable[[PastRun], bool], fits: Callable[[dict[str, Any]], bool]
) -> Record:
    """The latest record of a task that fits. may_be: whether it may, by what the log says about its run.

    By the log it is found behind thousands of runs that found nothing to do; the log is kept for a time only.
    """
    past = History(context.home).of_task(task.name)
    likely = (run for run in past if may_be(run) and not started_no_agent(run.reason, run.cost_usd))
    by_log = (runs.record(context.home, task.name, run.run_id) for run in islice(likely, FURTHEST))
    found = next((one for one in by_log if one is not None and fits(one)), None)
    if found is not None:
        return found
    return next((one for one in islice(runs.records(context.home, task.name), FURTHEST) if fits(one)), None)
