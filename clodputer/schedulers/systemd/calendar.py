"""The lines of a timer: slot times in systemd's own words, each of them and at most a few more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.schedules import cron
from clodputer.model.schedules.cron import DAYS_OF_MONTH, Cron
from clodputer.model.schedules.ring import Every, Once, Times
from clodputer.store.computer.zone import load

DAY = 86400
MINUTELY = "*-*-* *:*:00"
# The years that systemd can count.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
# A timer skips a time that the clock skips, where cron runs it right afterwards (systemd/systemd#5595), and passes over all of
# an hour that the clock shows for the second time (systemd/systemd#8647). Both are named to it as moments in UTC, on each date
# on which such a change may fall.
# After 28 years dates and weekdays come together again. The years are fixed: what is rendered must not change by itself.
_FIRST, _LAST = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2054, 1, 1, tzinfo=timezone.utc)
_EPOCH = date(1970, 1, 1)
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def calendar(one: Times, zone: str) -> list[str]:
    """The values of OnCalendar for these times. `zone`: the system's by name, or "".

    Explicit lists only: systemd's words for repetitions and ranges differ from cron's, and `weekly` is another day.
    """
    if isinstance(one, Every):
        return grid(one.seconds, one.anchor + one.delay)
    if isinstance(one, Once):
        return _once(one.at + one.delay)
    # UTC is the only one that systemd knows without a time zone database.
    named = "UTC" if one.zone.upper() in ("UTC", "Z") else one.zone
    parsed = cron.parse(one.fields)
    lines = _expression(parsed, one.delay, f" {named}" if named else "")
    return lines + _dated(_around_changes(parsed, named or zone, one.delay))


def grid(every: int, anchor: int) -> list[str]:
    """Every so many seconds from an anchor on; where the days do not come out even, oftener, but not than each minute."""
    step = gcd(every, DAY)
    if step < 60:
        return [MINUTELY]
    return [f"*-*-* {time} UTC" for time in _times(range(anchor % step, DAY, step))]


def at_least_every(seconds: int) -> list[str]:
    """As rarely as can be, but with no more than `seconds` in between, and no oftener than each minute."""
    step = max(candidate for candidate in range(60, max(60, min(seconds, DAY)) + 1) if DAY % candidate == 0)
    return grid(step, 0)


def _once(moment: int) -> list[str]:
    at = datetime.fromtimestamp(moment, timezone.utc)
    return [f"{at:%Y-%m-%d %H:%M:%S} UTC"] if _FIRST_YEAR <= at.year <= _LAST_YEAR else []


def _expression(parsed: Cron, late: int, suffix: str) -> list[str]:
    """A cron expression by the clock on the wall, `late` seconds later."""
    seconds = [hour * 3600 + minute * 60 + late for hour in parsed.hours for minute in parsed.minutes]
    lines = []
    for day in sorted({second // DAY for second in seconds}):
        times = _times(second % DAY for second in seconds if second // DAY == day)
        lines += [f"{date} {time}{suffix}" for date in _dates(parsed, day) for time in times]
    return lines


def _dates(parsed: Cron, later: int) -> list[str]:
    """The dates of an expression; if it is `later` days later, perhaps a few more than these."""
    days, months, weekdays = parsed.days, parsed.months, parsed.weekdays
    if not parsed.either and days[0] > max(DAYS_OF_MONTH[month - 1] for month in months):
        return []
    for _ in range(later):
        weekdays = tuple(sorted((weekday + 1) % 7 for weekday in weekdays))
        # The last of a month may be the 28th, and the next is then a 1st.
        days = tuple(sorted({day + 1 for day in days if day < 31} | ({1} if days[-1] >= 28 else set())))
        if parsed.either or 1 in days:
            months = tuple(sorted({*months, *(month % 12 + 1 for month in months)}))
    if not parsed.either:
        return [_date(weekdays, months, days)]
    lines = [_date(weekdays, months, tuple(range(1, 32)))]
    if days[0] <= max(DAYS_OF_MONTH[month - 1] for month in months):
        lines.append(_date(tuple(range(7)), months, days))
    return lines


def _date(weekdays: Sequence[int], months: Sequence[int], days: Sequence[int]) -> str:
    names = "" if len(weekdays) == 7 else ",".join(_WEEKDAYS[weekday] for weekday in weekdays) + " "
    return f"{names}*-{_list(months, 12)}-{_list(days, 31)}"


def _times(seconds: Iterable[int]) -> list[str]:
    """Seconds of the day as lists of hours, minutes and seconds, as few as the product of such lists allows."""
    hours: dict[tuple[int, int], list[int]] = {}
    for second in sorted(set(seconds)):
        hours.setdefault((second % 60, second // 60 % 60), []).append(second // 3600)
    minutes: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for (second, minute), those in hours.items():
        minutes.setdefault((second, tuple(those)), []).append(minute)
    return sorted(
        f"{_list(those, 24)}:{_list(sorted(some), 60)}:{second:02}"
        for (second, those), some in minutes.items()
    )


def _dated(moments: Iterable[int]) -> list[str]:
    """Moments of several years as dates and times of any year, in UTC."""
    on_date: dict[datetime, set[int]] = {}
    for moment in moments:
        date = datetime.fromtimestamp(moment - moment % DAY, timezone.utc)
        on_date.setdefault(date, set()).add(moment % DAY)
    days: dict[tuple[int, tuple[int, ...]], set[int]] = {}
    for date, seconds in on_date.items():
        days.setdefault((date.month, tuple(sorted(seconds))), set()).add(date.day)
    return [
        f"*-{month:02}-{_list(sorted(those), 31)} {time} UTC"
        for (month, seconds), those in sorted(days.items())
        for time in _times(seconds)
    ]


def _list(values: Sequence[int], all_of_them: int) -> str:
    return "*" if len(values) == all_of_them else ",".join(f"{value:02}" for value in values)


class _Changed(NamedTuple):
    """A zone's clock is changed: the moment, and the seconds east of Greenwich before and after it."""

    moment: int
    before: int
    after: int


def _around_changes(parsed: Cron, zone: str, late: int) -> Iterator[int]:
    """Moments at which an expression, `late` seconds later, may be due and a timer would not come in time."""
    for change in _changes(zone):
        first = _date_of(change.moment + min(change.before, change.after) - late)
        last = _date_of(change.moment + max(change.before, change.after))
        while first <= last:
            if parsed.on(first):
                midnight = (first - _EPOCH).days * DAY
                for hour in parsed.hours:
                    for minute in parsed.minutes:
                        wall = midnight + hour * 3600 + minute * 60
                        yield from (
                            moment + late for moment in _missed(change, wall, late, parsed.follows_clock)
                        )
            first += timedelta(days=1)


def _missed(change: _Changed, wall: int, late: int, follows_clock: bool) -> Iterator[int]:
    """The moments of one time on the wall that are skipped, shown twice, or followed by a change before its delay is over."""
    low, high = sorted((change.moment + change.before, change.moment + change.after))
    if low <= wall < high:
        if change.after < change.before:
            yield from (wall - change.before, wall - change.after)
        elif not follows_clock:
            yield change.moment
    elif change.moment - late <= wall - change.before < change.moment:
        yield wall - change.before


@lru_cache(maxsize=64)
def _changes(zone: str) -> tuple[_Changed, ...]:
    """The changes of a zone's clock; none of a zone that is not known here, or is UTC."""
    if not zone:
        return ()
    try:
        clock = load(zone, {})
    except ClodputerError:
        return ()
    found = []
    # No clock is changed twice within a week, so that it is enough to look that often.
    here, week = int(_FIRST.timestamp()), 7 * DAY
    while here < _LAST.timestamp():
        before, after = _offset(clock, here), _offset(clock, here + week)
        if before != after:
            found.append(_Changed(_first_with(clock, here, here + week, after), before, after))
        here += week
    return tuple(found)


def _first_with(clock: tzinfo, low: int, high: int, offset: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(clock, middle) == offset else (middle, high)
    return high


def _offset(clock: tzinfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, clock).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _date_of(moment: int) -> date:
    return _EPOCH + timedelta(days=moment // DAY)
