"""The active hours and days of a trigger: slot times outside them are none."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple, Optional, Union

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
_MINUTES_OF_DAY = 24 * 60


class Window(NamedTuple):
    """From minute `begin` of the day to before minute `end`, on these weekdays (Monday is 0).

    Hours that run past midnight (`22:00-06:00`) belong to the day they begin on.
    """

    begin: int = 0
    end: int = _MINUTES_OF_DAY
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)

    def holds(self, local: datetime) -> bool:
        """Whether a local time lies inside."""
        minute = local.hour * 60 + local.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end and local.weekday() in self.days
        if minute >= self.begin:
            return local.weekday() in self.days
        return minute < self.end and (local.weekday() - 1) % 7 in self.days

    def opening(self, local: datetime) -> datetime:
        """The first local time not before this one that lies inside, by the clock on the wall."""
        if self.holds(local):
            return local
        for ahead in range(9):
            day = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=ahead)
            opens = day + timedelta(minutes=self.begin)
            if opens > local and self.holds(opens):
                return opens
        raise AssertionError("every window opens within a week")


class Windows(NamedTuple):
    """Several hours of the same days: inside is whatever one of them holds."""

    windows: tuple[Window, ...]

    def holds(self, local: datetime) -> bool:
        """Whether a local time lies inside."""
        return any(window.holds(local) for window in self.windows)

    def opening(self, local: datetime) -> datetime:
        """The first local time not before this one that lies inside, by the clock on the wall."""
        return min(window.opening(local) for window in self.windows)


Active = Union[Window, Windows]

ALWAYS = Window()


def closing(hours: Active, local: datetime) -> Optional[datetime]:
    """The first time after a local one that lies outside, by the clock on the wall; None for hours that never end."""
    windows = hours.windows if isinstance(hours, Windows) else (hours,)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    # A day that is not one of theirs may follow upon hours that run to midnight.
    minutes = sorted({0, *(window.end for window in windows), *(window.begin for window in windows)})
    for ahead in range(9):
        for minute in minutes:
            found = midnight + timedelta(days=ahead, minutes=minute)
            if found > local and not hours.holds(found):
                return found
    return None


def active(hours: str, days: str) -> Active:
    """The window of texts such as `08:00-12:00, 14:00-18:00` and `mon-fri`; an empty one sets no limit. Raises ValueError."""
    chosen = parse_days(days) if days else ALWAYS.days
    found = (
        [Window(*parse_hours(part), chosen) for part in hours.split(",")] if hours else [Window(days=chosen)]
    )
    return found[0] if len(found) == 1 else Windows(tuple(found))


def parse_hours(text: str) -> tuple[int, int]:
    """The minutes of the day that `08:00-20:00` begins and ends with. Raises ValueError."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise ValueError("hours such as 08:00-20:00")
    first_hour, first_minute, last_hour, last_minute = map(int, match.groups())
    begin, end = first_hour * 60 + first_minute, last_hour * 60 + last_minute
    if first_minute > 59 or last_minute > 59 or begin >= _MINUTES_OF_DAY or end > _MINUTES_OF_DAY:
        raise ValueError("hours from 00:00 to 24:00")
    if begin == end:
        raise ValueError("two different hours")
    return begin, end


def parse_days(text: str) -> tuple[int, ...]:
    """The weekdays (Monday is 0) in `mon-fri` or `mon,wed,sat-sun`. Raises ValueError."""
    found: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise ValueError("days such as mon-fri or mon,wed,sat-sun")
        low, high = DAYS.index(first), DAYS.index(last or first)
        # A week is a circle, and nobody reads `sat-mon` otherwise.
        found.update((low + step) % 7 for step in range((high - low) % 7 + 1))
    return tuple(sorted(found))
