"""The five fields of a crontab line, for the times that cron can express exactly."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Optional

from clodputer.model.schedules import cron
from clodputer.model.schedules.ring import Every, Once, Times

# All clocks of today differ by whole quarters of an hour.
_QUARTER = 900
_HOUR = 3600
_DAY = 86400
# Over which years the offsets of a zone are looked at; nobody knows the rules of later ones.
_FIRST_YEAR, _LAST_YEAR = 2025, 2038


def times(one: Times, zone: str) -> list[str]:
    """The five fields of each line for these times; none when they are left to the line of every minute.

    `zone` is the system's by name, "" when it is not known. Left to that line: what has a delay or a time zone of its own,
    single moments, and intervals that drift along the day.
    """
    if isinstance(one, Once) or one.delay:
        return []
    if isinstance(one, Every):
        return _grid(one.seconds, one.anchor, zone)
    return _fields(one.fields) if one.zone in ("", zone) else []


def _fields(expression: str) -> list[str]:
    """An expression in plain numbers, which every cron reads alike; two of them where day *or* weekday is enough.

    Not every cron has the rule that such a line means either: the generator of systemd-cron makes it both. On a day that is
    both, both lines start it; exec runs the slot time once.
    """
    parsed = cron.parse(expression)
    minute, hour, day, month, weekday = expression.lower().split()
    month, weekday = _numbers(month, cron.MONTHS), _numbers(weekday, cron.WEEKDAYS)
    if parsed.either:
        return [f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}"]
    return [f"{minute} {hour} {day} {month} {weekday}"]


def _numbers(field: str, names: dict[str, int]) -> str:
    return re.sub(r"[a-z]+", lambda match: str(names[match[0]]), field)


def _grid(every: int, anchor: int, zone: str) -> list[str]:
    """The minutes or hours of an interval that comes at the same ones every day, whatever the clock does."""
    if every % 60 or anchor % 60:
        return []
    offsets = {0} if _QUARTER % every == 0 else {offset % every for offset in _offsets(zone)}
    if len(offsets) != 1:
        return []
    begin = (anchor + offsets.pop()) % every
    if _HOUR % every == 0:
        return [f"{_steps(begin // 60, every // 60, 60)} * * * *"]
    if _DAY % every == 0 and every % _HOUR == 0:
        return [f"{begin % _HOUR // 60} {_steps(begin // _HOUR, every // _HOUR, 24)} * * *"]
    return []


def _steps(begin: int, step: int, end: int) -> str:
    if begin == 0 and step < end:
        return "*" if step == 1 else f"*/{step}"
    return ",".join(str(value) for value in range(begin, end, step))


def _offsets(name: str) -> set[int]:
    """By how many seconds a zone's clock is ahead of UTC, now and in the years to come; none when that is not known."""
    from zoneinfo import ZoneInfo

    try:
        zone: Optional[ZoneInfo] = ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        zone = None
    if zone is None:
        return set()
    day, end, found = datetime(_FIRST_YEAR, 1, 1, tzinfo=zone), _LAST_YEAR, set()
    while day.year < end:
        found.add(int((day.utcoffset() or timedelta(0)).total_seconds()))
        day += timedelta(days=10)
    return found
