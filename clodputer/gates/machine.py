"""The gate of `machines`: requests for a task of other machines wait, for whoever shares the home or changes the task."""

from __future__ import annotations

from zlib import crc32

from clodputer.model.config.keys import Key
from clodputer.model.gates.machines import KEY
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import MACHINE
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.computer import machine
from clodputer.store.context import Context
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = (KEY,)

# Asked again after 5 to 10 minutes, in seconds. Never after the same time: where two machines share a home, the wrong one would
# otherwise be the first to ask again each time.
SOONEST, SPREAD = 300, 300


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. The node of an engine does for its task what the machine does that has submitted the job."""
    if context.job or machine.is_here(context.settings, task):
        return GO
    until = now + SOONEST + crc32(f"{request.id} {now}".encode()) % SPREAD
    return Wait(until, MACHINE, machine.sentence(context.settings, task))
