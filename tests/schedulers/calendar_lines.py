"""When a timer rings that has OnCalendar lines such as ours; a systemd that passes over whatever it may pass over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo

_LINE = re.compile(
    r"(?:(?P<weekdays>[A-Z][a-z]{2}(?:,[A-Z][a-z]{2})*) )?(?P<year>\*|\d{4})-(?P<month>[\d,*]+)-(?P<day>[\d,*]+)"
    r" (?P<hour>[\d,*]+):(?P<minute>[\d,*]+):(?P<second>[\d,*]+)(?: (?P<zone>\S+))?"
)


def rings(lines: Iterable[str], moment: int, zone: str = "UTC") -> bool:
    """Whether any of the lines rings at a moment; those that name no zone mean `zone`."""
    return any(_rings(line, moment, zone) for line in lines)


def _rings(line: str, moment: int, zone: str) -> bool:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    name = match["zone"] or zone
    local = datetime.fromtimestamp(moment, _zone(name))
    # systemd passes over everything that the clock shows for the second time.
    if local.fold:
        return False
    if match["weekdays"] and f"{local:%a}" not in match["weekdays"].split(","):
        return False
    fields = ("year", "month", "day", "hour", "minute", "second")
    return all(
        match[field] == "*" or getattr(local, field) in map(int, match[field].split(",")) for field in fields
    )


def _zone(name: str) -> tzinfo:
    return timezone.utc if name == "UTC" else ZoneInfo(name)
