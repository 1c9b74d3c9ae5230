"""Time zones: the one a trigger names, or the system's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.suggest import did_you_mean
from clodputer.model.task import Trigger

# Where systems say which zone they are in.
LOCALTIME = "/etc/localtime"


def load(name: str, environ: Mapping[str, str]) -> tzinfo:
    """The zone of that name, such as `Europe/Berlin`; the system's when the name is empty.

    Raises ClodputerError: "no_zones" when this system has no time zone database, "zone_unknown" otherwise.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not name:
        return _system(environ)
    if name.upper() in ("UTC", "Z"):
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _unknown(name) from None


def of(trigger: Trigger, environ: Mapping[str, str]) -> tzinfo:
    """The zone in which a trigger's times are meant. Raises ClodputerError, as `load` does."""
    return load(str(trigger.options.get("timezone") or ""), environ)


def _system(environ: Mapping[str, str]) -> tzinfo:
    """The zone that TZ names, else that of /etc/localtime, else UTC: as the system's own clock reads it."""
    from zoneinfo import ZoneInfo

    named = environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        return load(named, environ)
    try:
        with open(named or LOCALTIME, "rb") as file:
            # The file, not the name behind the link: it is there without any database, and is what the C library reads.
            return ZoneInfo.from_file(file, key=_named_by(named or LOCALTIME))
    except (OSError, ValueError):
        return timezone.utc


def _named_by(path: str) -> str:
    """The name of the zone that a link such as /etc/localtime leads to, for people."""
    found = os.path.realpath(path)
    return found.rpartition("zoneinfo/")[2] if "zoneinfo/" in found else "local time"


def wall(moment: float, zone: Optional[tzinfo] = None) -> str:
    """A moment (epoch seconds) as a clock on the wall shows it, here or in a zone: `Mon 2026-11-23 08:00`.

    The one form in which people read slot times. The zone is named where the clock alone does not say which moment is
    meant: `Mon 2026-11-23 08:00 CET` in another zone than the one here, or in the hour that autumn shows twice.
    """
    here = datetime.fromtimestamp(moment).astimezone()
    there = here.astimezone(zone)
    named = there.utcoffset() != here.utcoffset() or _twice(there if zone else here.replace(tzinfo=None))
    return there.strftime(f"%a %Y-%m-%d %H:%M{':%S' if there.second else ''}{' %Z' if named else ''}")


def _twice(shown: datetime) -> bool:
    """Whether a clock shows this time twice; one without a zone is the clock here."""
    both = (shown.replace(fold=0), shown.replace(fold=1))
    first, second = ((one if one.tzinfo else one.astimezone()).utcoffset() for one in both)
    return first != second


def near(name: str) -> str:
    """` (did you mean 'Europe/Berlin'?)`, or an empty string when no name is near."""
    from zoneinfo import available_timezones

    return did_you_mean(name, available_timezones())


def _unknown(name: str) -> ClodputerError:
    from zoneinfo import available_timezones

    if not available_timezones():
        return ClodputerError(
            "no_zones",
            "this system has no time zone database, so no time zone can be looked up",
            "Install the system's tzdata package, or leave timezone out.",
        )
    return ClodputerError(
        "zone_unknown",
        f"there is no time zone {name[:60]!r}{near(name)}",
        "Write a name such as Europe/Berlin, or leave timezone out.",
    )
