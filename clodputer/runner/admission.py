"""Admission: whether a run may begin beside those that go on, decided by one exec at a time."""

from __future__ import annotations

from contextlib import ExitStack
from time import time
from typing import Optional

from clodputer import gates
from clodputer.gates import budget
from clodputer.model.request import by_hand
from clodputer.model.verdict import Wait
from clodputer.model.waiting import ADMISSION
from clodputer.runner import turn
from clodputer.runner.attempt import Attempt
from clodputer.store.context import Context

# So many seconds a request waits when no turn is to be had.
LATER = 10.0


def admit(context: Context, attempt: Attempt, entered: ExitStack) -> Optional[Wait]:
    """Enter an attempt on `entered`; or what its request is to wait for.

    Some gates look at the runs that go on beside: they let one run through, or so many dollars. Two execs that asked them in
    the same moment would both be let through. So they are asked here once more, by one exec at a time, and the next one to
    ask sees the mark that the attempt has made in its slot. So are those whose answer a person or another run may have changed
    since the request was claimed, which can be long ago when it had to wait for the run that it replaces.

    Raises OSError, and ClodputerError when no run whatever can be begun here.
    """
    with turn.take(context.home) as ours:
        now = time()
        if not ours:
            return Wait(now + LATER, ADMISSION, "Another exec is still deciding whether a run may begin.")
        attempt.history.renew()
        verdict = gates.ask_beside(attempt.request, attempt.task, attempt.history, context, now)
        if isinstance(verdict, Wait):
            return verdict
        if by_hand(attempt.request):
            over = budget.exceeded(attempt.task, attempt.history, context, now)
            attempt.over_budget = over.message if over is not None else ""
        entered.enter_context(attempt)
        return None
