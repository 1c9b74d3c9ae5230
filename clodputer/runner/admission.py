"""Admission: whether a run may begin beside those that go on, decided by one exec at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep, time
from typing import Union

from clodputer import gates
from clodputer.model.attempts import Attempts
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.model.verdict import Wait
from clodputer.model.waiting import ADMISSION
from clodputer.runner.attempt import Attempt
from clodputer.runner.processes.stop import Stop
from clodputer.store import runs
from clodputer.store.context import Context
from clodputer.store.history import History
from clodputer.store.lock import Lock
from clodputer.store.spool.slot import Slot

# To decide and to mark the slot takes milliseconds. Who has not come round after so many seconds is stopped or very slow, and
# the request waits for so many seconds more.
PATIENCE = 5.0
GLANCE = 0.005
LATER = 10.0


def admit(
    context: Context,
    slot: Slot,
    request: Request,
    task: Task,
    stop: Stop,
    known: Attempts,
    entered: ExitStack,
) -> Union[Attempt, Wait]:
    """An attempt at the request, entered on `entered`, or what it is to wait for. known: of its earlier attempts.

    Some gates look at the runs that go on beside: they let one run through, or so many dollars. Two execs that asked them in
    the same moment would both be let through. So they are asked here once more, by one exec at a time, and the next one to
    ask sees the mark that the attempt has made in its slot.

    Raises OSError, and ClodputerError when no run whatever can be begun here.
    """
    with _turn(context) as ours:
        now = time()
        if not ours:
            return Wait(now + LATER, ADMISSION, "Another exec takes long to let a run begin.")
        verdict = gates.ask_beside(request, task, History(context.home), context, now)
        if isinstance(verdict, Wait):
            return verdict
        return entered.enter_context(
            Attempt(context, slot, request, task, runs.new_id(now, request.id), stop, known)
        )


@contextmanager
def _turn(context: Context) -> Iterator[bool]:
    lock = Lock(f"{context.home.ledger}/admission.lock")
    give_up = monotonic() + PATIENCE
    held = lock.acquire()
    while not held and monotonic() < give_up:
        sleep(GLANCE)
        held = lock.acquire()
    try:
        yield held
    finally:
        lock.release()
