"""The gate of `breaker`: after failures in a row the requests of a task's triggers wait, and then one of them is tried."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Optional

from clodputer.model import breaker
from clodputer.model.breaker import CLOSED, OPEN, End, State
from clodputer.model.keys import Key
from clodputer.model.moment import format_duration
from clodputer.model.request import Request, by_hand
from clodputer.model.task import Task
from clodputer.model.verdict import GO, Verdict, Wait
from clodputer.model.waiting import BREAKER
from clodputer.store import resets
from clodputer.store.context import Context
from clodputer.store.history import History
from clodputer.store.spool import slot as slots

KEYS: tuple[Key, ...] = breaker.KEYS

# While the one run to try goes on, the others ask again after so many seconds.
PROBE_LASTS = 60.0
# So many runs are looked at to say whether the latest one has opened the breaker.
FARTHEST = 2000


def check(task: Task, request: Request, history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A person's own requests pass: whoever asks for a run by hand sees how it ends."""
    if by_hand(request):
        return GO
    found = state(task, history, context, now)
    if found.state == CLOSED:
        return GO
    failed = (
        f"the last {found.failures} runs of {task.name} failed"
        if found.failures > 1
        else f"{task.name} failed"
    )
    if found.state == OPEN and found.until is not None:
        left = format_duration(found.until - now)
        return Wait(
            found.until, BREAKER, f"The breaker is open: {failed} ({found.last}); one is tried in {left}."
        )
    if any(one.task == task.name for _, one in slots.at_work(context.home)):
        return Wait(
            now + PROBE_LASTS, BREAKER, f"The breaker is half open: {failed}, and one run is being tried."
        )
    return GO


def state(task: Task, history: History, context: Context, now: float) -> State:
    """The state of a task's breaker at `now` (epoch seconds). Raises OSError.

    Runs before the last `clodputer reset`, or before the task file was changed, do not count: whoever changed it may have
    put right what made them fail.
    """
    if not task.breaker.threshold:
        return State(CLOSED)
    return breaker.state(_ends(task, history, context), task.breaker, now)


def newly_open(task: Task, history: History, context: Context, now: float) -> Optional[State]:
    """The state of the breaker, when it is the latest run that has opened it; else None. Raises OSError.

    A run that was tried while it was open, and failed as well, opens nothing new.
    """
    if not task.breaker.threshold:
        return None
    ends = list(islice(_ends(task, history, context), FARTHEST))
    found = breaker.state(ends, task.breaker, now)
    if found.state != OPEN or breaker.state(ends[1:], task.breaker, now).state != CLOSED:
        return None
    return found


def _ends(task: Task, history: History, context: Context) -> Iterator[End]:
    since = max(resets.moment(context.home, task.name), _changed(task.path))
    return (End(run.at, run.outcome, run.reason) for run in history.of_task(task.name, since))


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
