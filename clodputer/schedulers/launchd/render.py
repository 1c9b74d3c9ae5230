"""A launchd unit: which alarm becomes which keys of its property list."""

from __future__ import annotations

import os
from typing import Any

from clodputer.schedulers.launchd import calendar, plist
from clodputer.schedulers.unit import SPOOL, SWEEP, WEBHOOKS, Alarm, Frame, Unit
from clodputer.store.home import Home


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The unit that serves this alarm. Raises ClodputerError when a value cannot be written into a property list."""
    name = plist.label(frame, alarm.kind, alarm.task)
    text = plist.written(frame, name, alarm.kind, alarm.arguments(), _starts(frame, alarm), alarm.task)
    return Unit(name, alarm.kind, alarm.task, {f"{plist.folder(frame)}/{name}.plist": text})


def _starts(frame: Frame, alarm: Alarm) -> dict[str, Any]:
    """What starts it, in the words of the template."""
    if alarm.kind == SPOOL:
        return {"queue": os.path.realpath(Home(frame.home).new), "run_at_load": True}
    if alarm.kind == SWEEP:
        grid = 3600 % frame.sweep == 0 and frame.sweep % 60 == 0
        swept = range(0, 60, frame.sweep // 60) if grid else ()
        # The calendar starts it after a sleep, which an interval does not; the interval starts it in the hour that autumn
        # shows twice, in which a calendar does not, and after the computer was taken to another zone.
        return {"calendar": calendar.entries((), swept), "interval": frame.sweep}
    if alarm.kind == WEBHOOKS and alarm.listen:
        return {"listen": alarm.listen}
    watched = [os.path.realpath(watch.path) for watch in alarm.ring.watches]
    apart = [path for path in watched if not _holds_ours(frame, path)]
    # Watches lose events, so there is a look each quarter of an hour; what is not watched at all is looked at each minute.
    minutes = tuple(range(60)) if len(apart) < len(watched) else calendar.QUARTERS if watched else ()
    return {
        "calendar": calendar.entries(alarm.ring.times, minutes),
        "watched": list(dict.fromkeys(apart)),
        "run_at_load": alarm.ring.startup or alarm.ring.catches_up,
    }


def _holds_ours(frame: Frame, path: str) -> bool:
    """Whether we ourselves write below a folder: watched, it would start itself forever."""
    ours = [os.path.realpath(place) for place in (frame.home, plist.logs(frame))]
    return any(os.path.commonpath((path, place)) in (path, place) for place in ours)
