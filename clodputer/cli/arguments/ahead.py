"""What people write for a moment to come: a time of day, a date, a moment, or how long from now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.schedules.schedule import on_the_clock
from clodputer.model.text.moment import parse_duration, parse_moment, parse_wall
from clodputer.store.computer import zone

_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def moment_ahead(option: str, text: str, now: float, environ: Mapping[str, str]) -> float:
    """Epoch seconds of `08:00` (the next one by the local clock), of a date or of a moment, which must be after `now`.

    A time that a change of the clock skips is right after the gap. Raises ClodputerError ("usage"), naming the option.
    """
    here, found = zone.load("", environ), _OF_DAY.fullmatch(text.strip())
    try:
        if found:
            moment = _next([int(part or 0) for part in found.groups()], now, here)
        elif text.strip().startswith("+"):
            moment = parse_moment(text, now)
        else:
            wall = parse_wall(text)
            moment = float(on_the_clock(wall, here)) if isinstance(wall, datetime) else wall
    except (ValueError, OverflowError, OSError):
        raise _usage(option, text, "Such as 08:00, 2026-12-24 or 2026-12-24T08:00.") from None
    if moment <= now:
        raise _usage(option, text, f"That time has passed: it is {zone.wall(now)} now.")
    return moment


def span_ahead(option: str, text: str) -> float:
    """Seconds in a duration such as `2h`, more than none. Raises ClodputerError ("usage"), naming the option."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise ClodputerError("usage", f"{option}: {error}", "", ExitCode.USAGE) from None
    if seconds <= 0:
        raise _usage(option, text, "Such as 30m, 2h or 1d.")
    return seconds


def _next(clock: list[int], now: float, here: tzinfo) -> float:
    hour, minute, second = clock
    today = datetime.fromtimestamp(now, here).replace(tzinfo=None, microsecond=0)
    wall = today.replace(hour=hour, minute=minute, second=second)
    moments = (on_the_clock(wall + timedelta(days=days), here) for days in range(3))
    return float(next(moment for moment in moments if moment > now))


def _usage(option: str, text: str, hint: str) -> ClodputerError:
    return ClodputerError(
        "usage", f"{option}: not a moment in the future: {text[:40]!r}", hint, ExitCode.USAGE
    )
