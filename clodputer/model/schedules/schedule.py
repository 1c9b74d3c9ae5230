"""The slot times of a schedule: at which moments a cron expression, an interval or a single moment is due.

Moments are whole epoch seconds. By the clock on the wall of a time zone:

- An expression whose minute or hour begins with `*` follows the clock: what the clock never shows is never due, and what it
  shows twice is due twice.
- All others are fixed times: shown twice, due the first time; skipped by the clock, due once right after the gap. A gap of more
  than three hours is no daylight saving but a place that changed its calendar day: that day's times are not due at all.
"""

# No croniter: it takes five bare interpreters to import, so that every scheduled run would pay for it, and knows the first two
# rules otherwise. tests/model/schedules/test_schedule_croniter.py has it as a witness where both agree on what cron means.
from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache, partial
from itertools import takewhile
from operator import ge
from typing import NamedTuple, Optional, Union

from clodputer.model.schedules.cron import Cron
from clodputer.model.schedules.window import ALWAYS, Active

# Debian's cron replays fixed times over gaps up to this long, and merely jumps over longer ones.
LONGEST_GAP = 3 * 3600
# A 29th of February on a given weekday comes at most 40 years after the last (around 2100).
FARTHEST = timedelta(days=41 * 366)
WEEK = 7 * 86400
# In so many seconds each clock was changed that is ever changed.
SOME_CHANGES = 2 * 366 * 86400
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (the clock on the wall, which has no zone of its own)
_END = 253402300799


class Calendar(NamedTuple):
    """A cron expression by the clock of a zone. until: nothing is due after this moment (epoch seconds), here and below."""

    cron: Cron
    zone: tzinfo
    window: Active = ALWAYS
    until: Optional[int] = None


class Interval(NamedTuple):
    """Every so many seconds, counted from the anchor in both directions."""

    every: int
    anchor: int
    zone: tzinfo = timezone.utc
    window: Active = ALWAYS
    until: Optional[int] = None


class Days(NamedTuple):
    """Every so many days at one time by the clock of a zone, counted from a first day in both directions.

    second: of the day. It is a fixed time: the same on the clock whatever that does.
    """

    days: int
    first: date
    second: int
    zone: tzinfo
    window: Active = ALWAYS
    until: Optional[int] = None


class Moment(NamedTuple):
    """Once."""

    at: int


Schedule = Union[Calendar, Interval, Days, Moment]


def slots(schedule: Schedule, after: float) -> Iterator[int]:
    """The slot times later than `after`, in order; a schedule that is never due again ends."""
    if isinstance(schedule, Moment):
        return iter([schedule.at] if schedule.at > after else [])
    if isinstance(schedule, Calendar):
        found = _calendar(schedule, after)
    else:
        found = _days(schedule, after) if isinstance(schedule, Days) else _interval(schedule, after)
    if schedule.until is not None:
        found = takewhile(partial(ge, schedule.until), found)
    if schedule.window == ALWAYS:
        return found
    if not _meets(schedule._replace(until=None)):
        # Only what the clock skips may still come to lie in these hours, as it is due right after the gap.
        found = takewhile(partial(ge, int(after) + SOME_CHANGES), found)
    zone, window = schedule.zone, schedule.window
    return (slot for slot in found if window.holds(datetime.fromtimestamp(slot, zone)))


@lru_cache(maxsize=256)
def _meets(schedule: Union[Calendar, Days, Interval]) -> bool:
    """Whether some slot time lies in the active hours, changes of the clock aside; what is not known counts as one.

    Without this a search for `0 8 * * *` in the hours 09:00-10:00 would go on to the end of the calendar.
    """
    week = range(7)
    if isinstance(schedule, Interval):
        if WEEK % schedule.every:
            return True  # it comes to all times of the week by and by
        moments = range(schedule.anchor, schedule.anchor + WEEK, schedule.every)
        return any(schedule.window.holds(datetime.fromtimestamp(each, schedule.zone)) for each in moments)
    if isinstance(schedule, Days):
        times: Iterable[int] = (schedule.second,)
        weekdays: Iterable[int] = week if schedule.days % 7 else (schedule.first.weekday(),)
    else:
        cron = schedule.cron
        times = (hour * 3600 + minute * 60 for hour in cron.hours for minute in cron.minutes)
        named = {*cron.weekdays, *(one.weekday for one in cron.nth)}
        weekdays = week if cron.either else [(day - 1) % 7 for day in named]
    monday = datetime(2024, 1, 1)  # noqa: DTZ001
    return any(
        schedule.window.holds(monday + timedelta(days=day, seconds=second))
        for second in times
        for day in weekdays
    )


def following(schedule: Schedule, after: float) -> Optional[int]:
    """The first slot time later than `after`, if there is one."""
    return next(slots(schedule, after), None)


def opening(schedule: Schedule, now: float) -> float:
    """The first moment from `now` on that lies in the schedule's active hours."""
    if isinstance(schedule, Moment):
        return now
    local = datetime.fromtimestamp(now, schedule.zone)
    return now if schedule.window.holds(local) else schedule.window.opening(local).timestamp()


def on_the_clock(wall: datetime, zone: tzinfo) -> int:
    """The moment at which a zone's clock shows a time: the first of two; for one that is skipped, right after the gap."""
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    early, late = _instant(wall.date(), second, zone, 0), _instant(wall.date(), second, zone, 1)
    return early if early <= late else _end_of_gap(late, early, zone)


def _days(days: Days, after: float) -> Iterator[int]:
    if after >= _END - 2 * 86400:
        return
    # A period early: the clock may go back over midnight.
    begin = datetime.fromtimestamp(after, days.zone).date()
    day = days.first + timedelta(days=((begin - days.first).days // days.days - 1) * days.days)
    last = _farthest(day)
    while day <= last:
        moment = next(_unusual(day, days.second, days.zone, False), None)
        if moment is not None and moment > after:
            yield moment
            last = _farthest(day)
        if (date.max - day).days < days.days:
            return
        day += timedelta(days=days.days)


def _interval(interval: Interval, after: float) -> Iterator[int]:
    slot = interval.anchor + (int(after - interval.anchor) // interval.every - 1) * interval.every
    while slot <= after:
        slot += interval.every
    # Active hours always leave something within a year, unless an interval of days never meets them.
    last = min(slot + int(FARTHEST.total_seconds()), _END)
    while slot <= last:
        yield slot
        slot += interval.every


def _calendar(calendar: Calendar, after: float) -> Iterator[int]:
    cron, zone = calendar.cron, calendar.zone
    if after >= _END - 2 * 86400:
        return
    # A day early: the clock may go back over midnight.
    day = datetime.fromtimestamp(after, zone).date() - timedelta(days=1)
    last = _farthest(day)
    found: set[int] = set()
    while day <= last:
        if cron.on(day):
            found.update(slot for slot in _on_day(cron, zone, day) if slot > after)
        day += timedelta(days=1)
        if found:
            # What later days hold comes after their first moment; until then what is found is in order.
            horizon = min(_instant(day, 0, zone, 0), _instant(day, 0, zone, 1))
            ready = sorted(slot for slot in found if slot < horizon)
            found.difference_update(ready)
            yield from ready
            last = _farthest(day)


def _farthest(day: date) -> date:
    """The day at which a search from here may end: nothing is rarer than that."""
    return date.max - timedelta(days=2) if day > date.max - FARTHEST else day + FARTHEST


def _on_day(cron: Cron, zone: tzinfo, day: date) -> Iterator[int]:
    """The moments of one date, in no order."""
    begin, end = _instant(day, 0, zone, 0), _instant(day + timedelta(days=1), 0, zone, 1)
    usual = end - begin == 86400 and begin == _instant(day, 0, zone, 1)
    for hour in cron.hours:
        for minute in cron.minutes:
            second = hour * 3600 + minute * 60
            if usual:
                yield begin + second
            else:
                yield from _unusual(day, second, zone, cron.follows_clock)


def _unusual(day: date, second: int, zone: tzinfo, follows_clock: bool) -> Iterator[int]:
    """The moments of one wall time on a date on which the clock is changed."""
    early, late = _instant(day, second, zone, 0), _instant(day, second, zone, 1)
    if early <= late:
        # Shown once (both are the same) or twice.
        yield early
        if follows_clock:
            yield late
    elif not follows_clock and early - late <= LONGEST_GAP:
        yield _end_of_gap(late, early, zone)


def _end_of_gap(before: int, after: int, zone: tzinfo) -> int:
    """The moment between two at which the zone's clock is put forward."""
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _instant(day: date, second: int, zone: tzinfo, fold: int) -> int:
    """The moment at which a zone's clock shows a date and second; of a skipped one, by the offset before (0) or after (1)."""
    wall = datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0)
    since = wall - _EPOCH - offset
    return since.days * 86400 + since.seconds
