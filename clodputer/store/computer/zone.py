"""Time zones: the one a trigger names, or the system's own."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from io import BytesIO
from typing import Optional

from clodputer.model.config.keys import TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.model.text.suggest import did_you_mean

# Where systems say which zone they are in.
LOCALTIME = "/etc/localtime"

# What clocks show, and no zone is called; of several meanings the one with the most people.
_ABBREVIATIONS = {
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("MDT", "MT"), "America/Denver"),
    **dict.fromkeys(("CST", "CDT", "CT"), "America/Chicago"),
    **dict.fromkeys(("EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("BST", "UK"), "Europe/London"),
    **dict.fromkeys(("CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    "EEST": "Europe/Athens",
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    **dict.fromkeys(("AEST", "AEDT", "AET"), "Australia/Sydney"),
    "ACST": "Australia/Adelaide",
    "AWST": "Australia/Perth",
    **dict.fromkeys(("NZST", "NZDT"), "Pacific/Auckland"),
}
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])(\d{1,2})(?::?00)?")

# A rule in TZ: the name of a zone, its offset, perhaps the name of its summer time. `CET-1CEST` alone means the changes of the
# United States, as the C library of GNU has it.
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_RULE = re.compile(
    rf"{_NAME}[+-]?\d{{1,2}}(?::\d\d){{0,2}}(?P<summer>{_NAME}(?:[+-]?\d{{1,2}}(?::\d\d){{0,2}})?)?"
)
_USUAL_CHANGES = ",M3.2.0,M11.1.0"


def _known(text: str) -> str:
    try:
        load(text, {})
    except ClodputerError as error:
        tail = near(text) if error.code == "zone_unknown" else f"; {error.message}. {error.hint}"
        raise Expected("the name of a time zone such as Europe/Berlin", tail) from None
    return text


# Of every trigger with times on a clock.
KEY = Key(
    "timezone",
    TEXT,
    "",
    "The time zone of the trigger's times.",
    check=_known,
    absent="the system's",
    takes="name such as `Europe/Berlin`",
    example="Europe/Berlin",
)


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
    """The zone that TZ names or describes, else that of /etc/localtime; UTC when that is none: as the C library has it."""
    from zoneinfo import ZoneInfo

    if "TZ" in environ:
        return _of_variable(environ["TZ"].lstrip(":"), environ) or timezone.utc
    try:
        with open(LOCALTIME, "rb") as file:
            # The file, not the name behind the link: it is there without any database, and is what the C library reads.
            return ZoneInfo.from_file(file, key=_named_by(LOCALTIME))
    except (OSError, ValueError):
        return timezone.utc


def is_no_zone(environ: Mapping[str, str]) -> bool:
    """Whether TZ is set to what is not a time zone at all, so that every program here goes by UTC."""
    return bool(environ.get("TZ")) and _of_variable(environ["TZ"].lstrip(":"), environ) is None


def _of_variable(text: str, environ: Mapping[str, str]) -> Optional[tzinfo]:
    """The zone of TZ: a file, a name, or a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`; None when it is none of them."""
    from zoneinfo import ZoneInfo

    if text.startswith("/"):
        try:
            with open(text, "rb") as file:
                return ZoneInfo.from_file(file, key=_named_by(text))
        except (OSError, ValueError):
            return None
    if not text:
        return timezone.utc
    try:
        return load(text, environ)
    except ClodputerError:
        return _by_rule(text)


def _by_rule(text: str) -> Optional[tzinfo]:
    """The zone that a POSIX rule describes (POSIX.1, Environment Variables, TZ); None when it is no rule."""
    from zoneinfo import ZoneInfo

    rule = _RULE.match(text)
    if rule is None or not text.isascii():
        return None
    if rule.end() == len(text) and rule["summer"]:
        text += _USUAL_CHANGES
    # A time zone file without any history (RFC 8536): only its footer says something, and that is the rule.
    header = b"TZif2" + bytes(15)
    empty = header + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    no_type = struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        zone = ZoneInfo.from_file(BytesIO(empty + no_type + empty + no_type + b"\n" + text.encode() + b"\n"))
        for month in (1, 7):
            datetime(2025, month, 1, tzinfo=zone).utcoffset()  # of 24 hours and more there are none here
    except (ValueError, OverflowError):
        return None
    return zone


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


def until(moment: Optional[float]) -> str:
    """Until when something lasts (epoch seconds, None for good), for people: `until Mon 2026-11-23 08:00`."""
    return "until it is lifted" if moment is None else f"until {wall(moment // 60 * 60)}"


def stamp(moment: float, zone: Optional[tzinfo] = None) -> str:
    """A moment (epoch seconds) as programs read slot times: ISO 8601 in whole seconds, with the offset of its zone."""
    return datetime.fromtimestamp(moment, zone).astimezone(zone).isoformat(timespec="seconds")


def _twice(shown: datetime) -> bool:
    """Whether a clock shows this time twice; one without a zone is the clock here."""
    both = (shown.replace(fold=0), shown.replace(fold=1))
    first, second = ((one if one.tzinfo else one.astimezone()).utcoffset() for one in both)
    return first != second


def near(name: str) -> str:
    """` (did you mean 'Europe/Berlin'?)`, or an empty string when no name is near."""
    from zoneinfo import available_timezones

    known = available_timezones()
    plain = name.strip().replace(" ", "_").lower()
    # A place alone, such as `Berlin` or `new york`; the longest names are the least old.
    places = sorted((one for one in known if one.lower().rpartition("/")[2] == plain), key=len)
    offset = _OFFSET.fullmatch(plain)
    if plain.upper() in _ABBREVIATIONS:
        found = _ABBREVIATIONS[plain.upper()]
    elif offset:
        # The names of fixed offsets have the sign of POSIX, west of Greenwich.
        found = f"Etc/GMT{'-' if offset[1] == '+' else '+'}{int(offset[2])}"
    elif places:
        found = places[-1]
    else:
        return did_you_mean(name, known)
    return f" (did you mean {found!r}?)" if found in known else ""


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
