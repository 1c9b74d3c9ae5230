"""The gate of `breaker`: after failures in a row the requests of a task's triggers wait, and then one of them is tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Callable, Optional

from clodputer.model.config.keys import Key
from clodputer.model.gates import breaker
from clodputer.model.gates.breaker import CLOSED, OPEN, End, State
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import BREAKER
from clodputer.model.request import Request, by_hand
from clodputer.model.task import Task
from clodputer.model.text.moment import format_duration
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import slot as slots
from clodputer.store.taskstate import resets

KEYS: tuple[Key, ...] = breaker.KEYS

# While the one run to try goes on, the others ask again after so many seconds.
PROBE_LASTS = 60.0
# So many of the latest runs of a task are looked at. One that finds nothing to do every few minutes has thousands that count
# neither for it nor against it.
FARTHEST = 2000


def check(task: Task, request: Request, history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A person's own requests pass: whoever asks for a run by hand sees how it ends."""
    if by_hand(request):
        return GO
    found, of_precheck = states(task, history, context, now)
    if found.state == CLOSED:
        found = of_precheck
    if found.state == CLOSED:
        return GO
    failed = _failed(found, task)
    if found.state == OPEN and found.until is not None:
        left = format_duration(found.until - now)
        return Wait(found.until, BREAKER, f"The breaker is open: {failed}; the next run is tried in {left}.")
    if any(one.task == task.name for _, one in slots.at_work(context.home)):
        return Wait(
            now + PROBE_LASTS, BREAKER, f"The breaker is half open: {failed}, and one run is being tried now."
        )
    return GO


def states(task: Task, history: History, context: Context, now: float) -> tuple[State, State]:
    """The states of a task's breaker and of that of its precheck at `now` (epoch seconds). Raises OSError.

    Runs before the last `clodputer reset`, or before the task file was changed, do not count: whoever changed it may have
    put right what made them fail.
    """
    if not task.breaker.threshold:
        return State(CLOSED), State(CLOSED)
    return _states(task, lambda: _ends(task, history, context), now)


def newly_open(task: Task, history: History, context: Context, now: float) -> Optional[State]:
    """The state of the breaker that the latest run has opened; None when it has opened none. Raises OSError.

    A run that was tried while it was open, and failed as well, opens nothing new.
    """
    if not task.breaker.threshold:
        return None
    ends = list(_ends(task, history, context))
    found, before = _states(task, lambda: iter(ends), now), _states(task, lambda: iter(ends[1:]), now)
    opened = (new for new, old in zip(found, before) if new.state == OPEN and old.state == CLOSED)
    return next(opened, None)


def _ends(task: Task, history: History, context: Context) -> Iterator[End]:
    past = islice(history.of_task(task.name, resets.counted_from(context.home, task)), FARTHEST)
    return (End(run.at, run.outcome, run.reason, run.request_id) for run in past)


def _states(task: Task, ends: Callable[[], Iterator[End]], now: float) -> tuple[State, State]:
    of_precheck = breaker.state_of_precheck(ends(), task.breaker, now) if task.precheck else State(CLOSED)
    return breaker.state(ends(), task.breaker, now), of_precheck


def _failed(found: State, task: Task) -> str:
    of_precheck = found.last == "precheck"
    if found.failures > 1:
        return f"the last {found.failures} {'prechecks' if of_precheck else 'requests'} of {task.name} failed ({found.last})"
    return f"{'the precheck of ' if of_precheck else ''}{task.name} failed ({found.last})"
