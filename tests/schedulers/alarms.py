"""Alarms and times made from triggers, as an installation makes them."""

from __future__ import annotations

from clodputer import triggers
from clodputer.model.schedules.policy import policy
from clodputer.model.schedules.ring import Ring, Times, Watch, later, together
from clodputer.model.task import Trigger
from clodputer.schedulers.unit import TASK, Alarm


def ring(task: str, several: tuple[Trigger, ...], paths: tuple[str, ...] = ()) -> Ring:
    """What must start an exec for these triggers; `paths`: those of the watched folders, filled in."""
    waiting = iter(paths)
    rings = []
    for one in several:
        found = later(triggers.load(one.type).alarm(one), policy(one, task).jitter)
        watches = tuple(Watch(next(waiting, watch.path), watch.deep) for watch in found.watches)
        rings.append(found._replace(watches=watches))
    return together(tuple(rings))


def times(one: Trigger, task: str = "t") -> tuple[Times, ...]:
    """The times of one trigger."""
    return ring(task, (one,)).times


def alarm(
    task: str, several: tuple[Trigger, ...] = (), paths: tuple[str, ...] = (), timeout: float = 0.0
) -> Alarm:
    """The alarm of a task."""
    return Alarm(TASK, task, ring(task, several, paths), "", several, timeout)
