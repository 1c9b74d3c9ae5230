"""What people write behind `--since`: how long ago, or a date."""

from __future__ import annotations

from time import localtime, mktime

import click

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.moment import parse_duration, parse_moment

# Of commands that report a time up to now.
since_option = click.option(
    "--since",
    metavar="WHEN",
    default="30d",
    help="Since when: 30d (the default), yesterday, 12h, or a date.",
)

# Local days that people name, by how long ago they began.
_DAYS = {"today": 0, "yesterday": 1}


def moment_since(text: str, now: float) -> float:
    """Epoch seconds of `2h` before `now`, of `yesterday`, or of a date or moment. Raises ClodputerError ("usage")."""
    days = _DAYS.get(text.strip().lower())
    if days is not None:
        date = localtime(now)
        # By the calendar: a day of the change to summer time has 23 hours.
        return mktime((date.tm_year, date.tm_mon, date.tm_mday - days, 0, 0, 0, 0, 0, -1))
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        if not text.strip().startswith("+"):
            return parse_moment(text, now)
    except ValueError:
        pass
    raise ClodputerError(
        "usage",
        f"--since: neither a duration nor a date: {text[:40]!r}",
        "Such as yesterday, 2h, 7d or 2026-11-01.",
        ExitCode.USAGE,
    )
