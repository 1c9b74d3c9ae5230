"""What people write for a moment to come: a time of day, a date, a moment, or how long from now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.moment import parse_duration, parse_moment
from clodputer.store import zone

_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def moment_ahead(option: str, text: str, now: float, environ: Mapping[str, str]) -> float:
    """Epoch seconds of `08:00` (the next one by the local clock), of a date or of a moment, which must be after `now`.

    Raises ClodputerError ("usage"), naming the option.
    """
    found = _OF_DAY.fullmatch(text.strip())
    try:
        moment = (
            _next(int(found[1]), int(found[2]), now, zone.load("", environ))
            if found
            else parse_moment(text, now)
        )
    except ValueError:
        raise _usage(option, text, "Such as 08:00, 2026-12-24 or 2026-12-24T08:00.") from None
    if moment <= now:
        raise _usage(option, text, f"That is not ahead: it is {zone.wall(now)} now.")
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


def _next(hour: int, minute: int, now: float, local: tzinfo) -> float:
    today = datetime.fromtimestamp(now, local).replace(hour=hour, minute=minute, second=0, microsecond=0)
    ahead = today if today.timestamp() > now else today + timedelta(days=1)
    return ahead.timestamp()


def _usage(option: str, text: str, hint: str) -> ClodputerError:
    return ClodputerError("usage", f"{option}: no moment to come: {text[:40]!r}", hint, ExitCode.USAGE)
