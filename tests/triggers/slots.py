"""The slot times of a trigger by the clock of a given zone, for tests."""

from __future__ import annotations

from datetime import tzinfo

from clodputer import triggers
from clodputer.model.schedules.schedule import Schedule
from clodputer.model.task import Trigger
from clodputer.triggers import Clock


def schedule(trigger: Trigger, zone: tzinfo) -> Schedule:
    """The schedule of a trigger that has slot times."""
    kind = triggers.load(trigger.type)
    assert isinstance(kind, Clock)
    return kind.schedule(trigger, zone)
