"""When StartCalendarInterval rings, found without our code: each minute is looked at under both readings of what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

MANUAL, OPEN_SOURCE = "launchd.plist(5)", "launchd-842"
READINGS = (MANUAL, OPEN_SOURCE)


def rings(entries: Sequence[Mapping[str, int]], wall: datetime, reading: str) -> bool:
    """Whether it rings in the minute that the clock on the wall shows."""
    return any(_one(entry, wall, reading) for entry in entries)


def _one(entry: Mapping[str, int], wall: datetime, reading: str) -> bool:
    if entry.get("Hour", wall.hour) != wall.hour or entry.get("Minute", wall.minute) != wall.minute:
        return False
    month = entry.get("Month", wall.month) == wall.month
    weekday = entry.get("Weekday", -1) % 7 == wall.isoweekday() % 7
    if "Day" not in entry and "Weekday" not in entry:
        return month
    if reading == MANUAL:
        by_day = "Day" in entry and wall.day == entry["Day"]
        return month and (by_day or ("Weekday" in entry and weekday))
    # There the month plays no part in the search for a weekday, and a day is set whether its month has it or not.
    return ("Weekday" in entry and weekday) or ("Day" in entry and _rolled(entry, wall.date()))


def _rolled(entry: Mapping[str, int], day: date) -> bool:
    """Whether a date is that of an entry with a Day, which the C library has made into a date of the next month at need."""
    first = day.replace(day=1)
    for begin in (first, (first - timedelta(days=1)).replace(day=1)):
        if entry.get("Month", begin.month) == begin.month and begin + timedelta(days=entry["Day"] - 1) == day:
            return True
    return False
