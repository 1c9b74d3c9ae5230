"""Admission: whether a run may begin beside those that go on, decided by one exec at a time."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from time import time
from typing import Any, Optional

from clodputer import gates
from clodputer.gates import budget
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import ADMISSION
from clodputer.model.request import by_hand
from clodputer.runner.admission import stagger, turn
from clodputer.runner.attempt import Attempt
from clodputer.store.context import Context
from clodputer.store.records import runs

# So many seconds a request waits when no turn is to be had.
LATER = 10.0


def admit(context: Context, attempt: Attempt, entered: ExitStack) -> Optional[Wait]:
    """Enter an attempt on `entered`, with the right to its configuration folder; or what its request is to wait for.

    Some gates look at the runs that go on beside: they let one run through, or so many dollars. Two execs that asked them in
    the same moment would both be let through. So they are asked here once more, by one exec at a time, and the next one to
    ask sees the mark that the attempt has made in its slot. So are those whose answer a person or another run may have changed
    since the request was claimed, which can be long ago when it had to wait for the run that it replaces.

    A claude that is to begin a moment after another one waits here for that moment; its turn is somebody else's meanwhile.

    Raises OSError, and ClodputerError when no run whatever can be begun here.
    """
    task, asked, hindrance = attempt.task, False, None
    while True:
        with turn.take(context.home) as ours:
            now = time()
            if not ours:
                return Wait(now + LATER, ADMISSION, "Another exec is still deciding whether a run may begin.")
            pause = stagger.left(context, task, now)
            if not pause:
                verdict, asking = _decide(context, attempt, entered, now, asked, hindrance)
                if not asking:
                    return verdict
        if pause:
            attempt.stop.wait(pause)
            if attempt.stop.requested:
                return Wait(time(), ADMISSION, "The exec that was about to start its run was stopped.")
            attempt.become(runs.new_id(time(), attempt.request.id))
        else:
            # It may take a second to start claude for that, and others are not to wait for it.
            asked, hindrance = True, _sharing().hindrance(context, task)


def _decide(
    context: Context,
    attempt: Attempt,
    entered: ExitStack,
    now: float,
    asked: bool,
    hindrance: Optional[Wait],
) -> tuple[Optional[Wait], bool]:
    """What its request is to wait for, None when the attempt was entered; and whether it has to be asked first what hinders it.

    hindrance: why its folder cannot be shared, once that was `asked`.
    """
    attempt.history.renew()
    verdict = gates.ask_beside(attempt.request, attempt.task, attempt.history, context, now)
    if isinstance(verdict, Wait):
        return verdict, False
    if attempt.task.agent == "claude":
        sharing = _sharing()
        held = sharing.take(context, attempt.task)
        if not held.alone and (not asked or hindrance is not None):
            held.lock.release()
            return (None, True) if hindrance is None else (sharing.expect(context, hindrance, now), False)
        entered.callback(sharing.give_back, context, held)
    if by_hand(attempt.request):
        over = budget.exceeded(attempt.task, attempt.history, context, now)
        attempt.over_budget = over.message if over is not None else ""
    stagger.note(context, attempt.task)
    entered.enter_context(attempt)
    return None, False


def _sharing() -> Any:
    """`runner/admission/sharing.py`, which imports all of the agent `claude`: tasks of other agents have no need of that."""
    return import_module("clodputer.runner.admission.sharing")
