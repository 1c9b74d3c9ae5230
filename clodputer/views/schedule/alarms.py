"""When an alarm is due next, by the schedules of its task."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.policy import policy
from clodputer.model.schedules.schedule import slots
from clodputer.schedulers.unit import Alarm


def next_alarm(alarm: Alarm, now: float, environ: Mapping[str, str]) -> Optional[float]:
    """The next moment (epoch seconds) at which a task's alarm is due; None when no clock says so."""
    moments = []
    for one in alarm.triggers:
        try:
            schedule = triggers.schedule(one, environ)
        except ClodputerError:
            continue  # a finding of the task file's own check
        if schedule is not None:
            delay = policy(one, alarm.task).jitter
            moments += [slot + delay for slot in islice(slots(schedule, now - delay), 1)]
    return min(moments, default=None)
