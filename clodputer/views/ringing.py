"""When an alarm rings next, by the schedules of its task."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Optional

from clodputer.model import trigger
from clodputer.model.errors import ClodputerError
from clodputer.model.schedule import slots
from clodputer.schedulers.unit import Alarm
from clodputer.store import zone


def next_ring(alarm: Alarm, now: float, environ: Mapping[str, str]) -> Optional[float]:
    """The next moment (epoch seconds) at which a task's alarm is due to ring; None when no clock says so."""
    moments = []
    for one in alarm.triggers:
        if one.type not in trigger.TIMED:
            continue
        try:
            there = zone.of(one, environ)
        except ClodputerError:
            continue  # the task file's own check tells of it
        delay = trigger.policy(one, alarm.task).jitter
        moments += [slot + delay for slot in islice(slots(trigger.schedule(one, there), now - delay), 1)]
    return min(moments, default=None)
