"""Times as entries of StartCalendarInterval: too many where that is unavoidable, never too few; pure."""

# What an entry means is said by launchd.plist(5) and, differently in two points, by the last open launchd (842.1.4): there a
# Month is ignored beside a Weekday, and a Day that a month does not have rolls over into the next. So no entry here holds a
# Weekday together with another date field, and none a Day beyond 28 but those of one certain date.
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from itertools import product
from math import gcd
from typing import NamedTuple, Optional

from clodputer.model.schedules import cron as crons
from clodputer.model.schedules.cron import Cron
from clodputer.model.schedules.ring import Every, Expression, Times

# `launchctl print` answers through one buffer, and each entry is an event of its own to launchd: hundreds do no harm.
MOST = 200
# No zone of today differs from another by anything but quarters of an hour.
QUARTERS = (0, 15, 30, 45)
HOUR, DAY = 60, 24 * 60
_LAST_SURE_DAY = 28
# The zones with the least and the greatest offset from UTC.
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)


class Date(NamedTuple):
    """The date fields of an entry; None is any."""

    month: Optional[int] = None
    day: Optional[int] = None
    weekday: Optional[int] = None


class Clock(NamedTuple):
    """The time fields of an entry; a minute is always named, for an entry without one comes sixty times."""

    hour: Optional[int]
    minute: int


# The clocks of each date.
Grid = dict[Date, set[Clock]]

# Each of these clocks on each of these dates.
Part = tuple[list[Date], set[Clock]]


class _Keep(NamedTuple):
    """Which fields an entry may have; one that is left out only makes it come more often."""

    month: bool
    day: bool
    hour: bool


def entries(times: Sequence[Times], minutes: Iterable[int] = ()) -> list[dict[str, int]]:
    """Entries that start a job within a minute after each of these times.

    minutes: of each hour, at which it is to be started besides. If exact entries are too many, those that come least often.
    Changes of the clock are not taken into account: a wall time that comes twice may be served once.
    """
    widened = (_merged(times, minutes, _Keep(*keep)) for keep in product((True, False), repeat=3))
    _, grid = min(((_often(grid), grid) for grid in widened if _count(grid) <= MOST), key=lambda one: one[0])
    return [
        _entry(date, clock) for date in sorted(grid, key=_order) for clock in sorted(grid[date], key=_order)
    ]


def _merged(times: Sequence[Times], minutes: Iterable[int], keep: _Keep) -> Grid:
    grid: Grid = {}
    for dates, clocks in (*(part for one in times for part in _parts(one)), _each_hour(minutes)):
        kept_clocks = clocks if keep.hour else {Clock(None, clock.minute) for clock in clocks}
        for kept in {_kept(date, keep) for date in dates}:
            grid.setdefault(kept, set()).update(kept_clocks)
    always = _whole_days(grid.pop(Date(), set()))
    rest = {
        date: {clock for clock in _whole_days(clocks) if not {clock, Clock(None, clock.minute)} & always}
        for date, clocks in grid.items()
    }
    return {Date(): always, **rest}


def _kept(date: Date, keep: _Keep) -> Date:
    # A weekday is a day too.
    day, weekday = (date.day, date.weekday) if keep.day else (None, None)
    return Date(date.month if keep.month else None, day, weekday)


def _whole_days(clocks: set[Clock]) -> set[Clock]:
    """The same with one entry for a minute that all hours have."""
    hours: dict[int, set[Optional[int]]] = {}
    for clock in clocks:
        hours.setdefault(clock.minute, set()).add(clock.hour)
    whole = {minute for minute, some in hours.items() if None in some or len(some) == 24}
    found = {clock for clock in clocks if clock.minute not in whole}
    return found | {Clock(None, minute) for minute in whole}


def _parts(one: Times) -> Iterator[Part]:
    if isinstance(one, Expression):
        cron = crons.parse(one.fields)
        delay = -(-one.delay // 60)
        if one.zone:
            # Which day and hour it is here when it is nine elsewhere changes with the seasons, and when a person travels.
            quarters = product(cron.minutes, QUARTERS)
            yield _each_hour((minute + delay + quarter) % HOUR for minute, quarter in quarters)
        else:
            yield from _cron(cron, delay)
    elif isinstance(one, Every):
        yield _each_hour(_interval(one.seconds, one.anchor + one.delay))
    else:
        yield _moment(one.at + one.delay)


def _each_hour(minutes: Iterable[int]) -> Part:
    return [Date()], {Clock(None, minute) for minute in minutes}


def _cron(cron: Cron, delay: int) -> Iterator[Part]:
    by_days: dict[int, set[Clock]] = {}
    for hour, minute in product(cron.hours, cron.minutes):
        days, rest = divmod(hour * HOUR + minute + delay, DAY)
        by_days.setdefault(days, set()).add(Clock(rest // HOUR, rest % HOUR))
    for days, clocks in by_days.items():
        yield _dates(cron, days), clocks


def _dates(cron: Cron, later: int) -> list[Date]:
    """Dates among which are all those of an expression, each `later` days on."""
    months: list[Optional[int]] = [None] if len(cron.months) == 12 else list(cron.months)
    any_day, any_weekday = len(cron.days) == 31, len(cron.weekdays) == 7
    sure = not any_day and cron.days[-1] + later <= _LAST_SURE_DAY
    by_day = [Date(month, day + later) for month in months for day in cron.days] if sure else []
    by_weekday = [] if any_weekday else [Date(weekday=(day + later) % 7) for day in cron.weekdays]
    if cron.either:
        return [*by_day, *by_weekday] if by_day and by_weekday else _all_days(months, later)
    return by_day or by_weekday or _all_days(months, later)


def _all_days(months: list[Optional[int]], later: int) -> list[Date]:
    return [Date(month) for month in months] if not later else [Date()]


def _interval(every: int, first: int) -> list[int]:
    """Minutes of the hour at which an interval may be due, in whatever zone: what it has in common with an hour repeats."""
    step = gcd(every, 3600)
    slots = range(first % step, 3600, step)
    return sorted({(-(-slot // 60) + quarter) % HOUR for slot in slots for quarter in QUARTERS})


def _moment(at: int) -> Part:
    """Each quarter of an hour on the dates that it may be then anywhere; a year later they start it for nothing."""
    moment = datetime.fromtimestamp(-(-at // 60) * 60, timezone.utc)
    dates = sorted({(moment + shift).date() for shift in (_WEST, timedelta(0), _EAST)})
    minutes = ((moment.minute + quarter) % HOUR for quarter in QUARTERS)
    return [Date(day.month, day.day) for day in dates], _each_hour(minutes)[1]


def _count(grid: Grid) -> int:
    return sum(map(len, grid.values()))


def _often(grid: Grid) -> float:
    """How many times a day it is started, about."""
    return sum(
        (1.0 if date.month is None else 1 / 12)
        * (1.0 if date.day is None else 1 / 30.4)
        * (1.0 if date.weekday is None else 1 / 7)
        * sum(24 if clock.hour is None else 1 for clock in clocks)
        for date, clocks in grid.items()
    )


def _order(fields: tuple[Optional[int], ...]) -> tuple[int, ...]:
    return tuple(-1 if value is None else value for value in fields)


def _entry(date: Date, clock: Clock) -> dict[str, int]:
    named = {
        "Month": date.month,
        "Day": date.day,
        "Weekday": date.weekday,
        "Hour": clock.hour,
        "Minute": clock.minute,
    }
    return {key: value for key, value in named.items() if value is not None}
