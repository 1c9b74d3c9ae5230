"""The gate of `disk_ceiling`: no run begins while trees, runs or the disk are fuller than config.yaml allows."""

from __future__ import annotations

from clodputer.model.config.keys import Key
from clodputer.model.gates import ceiling
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import CEILING
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.files import sizes
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = ()

# Somebody makes room, or the daily sweep does: it is measured again after so many seconds.
LOOK_AGAIN = 300.0


def check(task: Task, _request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. Without a limit nothing is measured."""
    limits = ceiling.of(context.settings.disk_ceiling, context.settings.lanes.get(task.lane, {}))
    if not limits:
        return GO
    there = sizes.measure(context.home, limits, now)
    said = next(filter(None, (ceiling.reached(limit, there) for limit in limits)), "")
    return Wait(now + LOOK_AGAIN, CEILING, f"{said[:1].upper()}{said[1:]}.") if said else GO
