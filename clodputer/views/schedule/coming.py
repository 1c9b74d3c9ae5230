"""The slot times that are to come, of one task or of many, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, Optional

from clodputer import triggers
from clodputer.model.schedules.policy import Policy, policy
from clodputer.model.schedules.schedule import Schedule, slots
from clodputer.model.task import Task
from clodputer.store.computer import zone as zones


class Coming(NamedTuple):
    """A slot time, its task and trigger, by how many seconds its request comes later, and the zone to show it in."""

    slot: int
    task: str
    trigger: str
    delay: int
    zone: Optional[tzinfo]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task or None,
            "trigger": self.trigger,
            "slot_time": zones.stamp(self.slot, self.zone),
            "jitter_seconds": self.delay,
        }


def coming(environ: Mapping[str, str], tasks: Iterable[Task], after: float, count: int) -> list[Coming]:
    """The first `count` slot times later than `after` (epoch seconds). Raises ClodputerError for a zone that is unknown."""
    return first([each for task in tasks for each in streams(environ, task, after)], count)


def first(found: Iterable[Iterator[Coming]], count: int) -> list[Coming]:
    """The first ones of several streams."""
    return list(islice(merge(*found, key=lambda one: (one.slot, one.task)), count))


def streams(environ: Mapping[str, str], task: Task, after: float) -> Iterator[Iterator[Coming]]:
    """One stream of slot times for each trigger that has any. Raises ClodputerError for a zone that is unknown."""
    for one in task.triggers:
        schedule = triggers.schedule(one, environ)
        if schedule is not None:
            zone = zones.of(one, environ)
            yield stream(task.name, one.type, policy(one, task.name), zone, schedule, after)


def stream(
    task: str, kind: str, rules: Policy, zone: tzinfo, schedule: Schedule, after: float
) -> Iterator[Coming]:
    """The slot times of one schedule later than `after`."""
    return (Coming(slot, task, kind, rules.delay(slot), zone) for slot in slots(schedule, after))
