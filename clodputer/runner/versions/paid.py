"""What trials cost: each is held against the budgets before it begins, and counts for them from that moment on."""

from __future__ import annotations

from time import time
from typing import NamedTuple, Optional

from clodputer.gates import budget
from clodputer.model.gates.budget import Exceeded
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.records.history import History

# The most that one answer of claude to a trial may cost, in US dollars.
MOST_DOLLARS = 0.10


class Trial(NamedTuple):
    """A trial of a task that goes on, or of claude itself: then `task` and `lane` are empty."""

    run_id: str
    task: str = ""
    lane: str = ""


def refused(context: Context, task: Optional[Task] = None) -> Optional[Exceeded]:
    """The budget that leaves no room for a trial; None when there is room, or when it costs nothing. Raises OSError.

    task: None for a trial of claude itself, which counts for the budget of everything.
    """
    if task is not None and task.agent != "claude":
        return None
    return budget.exceeded(
        task or Task("", "", lane=""), History(context.home), context, time(), MOST_DOLLARS
    )


def begin(context: Context, task: Optional[Task], nonce: str) -> Trial:
    """Note that a trial begins: until its end it counts for the most that it may cost, also when we are killed. Raises OSError.

    nonce: what tells it from others that begin in the same millisecond.
    """
    now = time()
    trial = Trial(
        runs.new_id(now, nonce), task.name if task is not None else "", task.lane if task is not None else ""
    )
    _log(context, trial, MOST_DOLLARS, "It begins, and is counted with the most that it may cost.")
    return trial


def end(context: Context, trial: Trial, cost_usd: Optional[float]) -> None:
    """Note what it cost, where that is known. Raises OSError."""
    if cost_usd is not None:
        _log(context, trial, cost_usd, "It has ended.")


def _log(context: Context, trial: Trial, cost: float, message: str) -> None:
    context.log(
        time(),
        "trial",
        task=trial.task or None,
        lane=trial.lane or None,
        run_id=trial.run_id,
        cost_usd=cost,
        message=message,
    )
