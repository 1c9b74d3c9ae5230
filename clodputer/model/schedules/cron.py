"""A cron expression with Debian's meaning, and `L`, `5L`, `1#2` besides; what cron would silently misread is an error here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from clodputer.model.schedules import cronhints as hints

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = {name: number for number, name in enumerate(_MONTHS, 1)}
WEEKDAYS = {name: number for number, name in enumerate(_WEEKDAYS)}

# The longest that each month gets.
DAYS_OF_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LONGEST = 500
# Of `NthWeekday.number`.
LAST = -1

_ITEM = re.compile(r"(\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)
_LAST_WEEKDAY = re.compile(r"(?P<day>[0-7]|sun|mon|tue|wed|thu|fri|sat)L", re.IGNORECASE)
_NTH_WEEKDAY = re.compile(r"(?P<day>[0-7]|sun|mon|tue|wed|thu|fri|sat)#(?P<number>[1-5])", re.IGNORECASE)


class InvalidCron(ValueError):
    """No expression of ours; the message says what is wrong and what cron would have made of it."""


class _Field(NamedTuple):
    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = {}


_DAY = _Field("day of month", 1, 31)
_WEEKDAY = _Field("day of week", 0, 7, WEEKDAYS)
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _DAY,
    _Field("month", 1, 12, MONTHS),
    _WEEKDAY,
)


class NthWeekday(NamedTuple):
    """The first to fifth of a weekday in a month, or its LAST; Sunday is 0."""

    weekday: int
    number: int


class Cron(NamedTuple):
    """When it is due, as the values that each field matches, in ascending order; Sunday is 0.

    either: one of day and weekday is enough, cron's rule when neither field begins with `*`; otherwise both must match.
    follows_clock: the minute or the hour begins with `*`, so that changes of the clock are simply followed; all others are
    fixed times, which run once a day whatever the clock does. last_day: `L`, the last day of the month, counts among the
    days. nth: such weekdays count among the weekdays.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool
    follows_clock: bool
    last_day: bool = False
    nth: tuple[NthWeekday, ...] = ()

    def on(self, day: date) -> bool:
        """Whether a date matches."""
        if day.month not in self.months:
            return False
        by_day = day.day in self.days or (self.last_day and day.day == _length(day))
        weekday = day.isoweekday() % 7
        by_weekday = weekday in self.weekdays or any(_is_nth(day, weekday, one) for one in self.nth)
        return (by_day or by_weekday) if self.either else (by_day and by_weekday)


def parse(text: str) -> Cron:
    """The expression that five fields or an alias such as `@daily` make. Raises InvalidCron."""
    words = _words(text)
    last_day, day_items = _taken(words[2], lambda item: item == "L")
    nth = []
    weekday_items = []
    for item in words[4].split(","):
        found = _LAST_WEEKDAY.fullmatch(item) or _NTH_WEEKDAY.fullmatch(item)
        if found is None:
            weekday_items.append(item)
        else:
            number = int(found["number"]) if "number" in found.groupdict() else LAST
            nth.append(NthWeekday(_number(_WEEKDAY, "", found["day"]) % 7, number))
    minutes, hours = (_values(field, word) for field, word in zip(_FIELDS, words[:2]))
    days = _values(_DAY, ",".join(day_items)) if day_items else ()
    months = _values(_FIELDS[3], words[3])
    weekdays = _values(_WEEKDAY, ",".join(weekday_items)) if weekday_items else ()
    cron = Cron(
        minutes,
        hours,
        days,
        months,
        tuple(sorted({value % 7 for value in weekdays})),
        either=not (words[2].startswith("*") or words[4].startswith("*")),
        follows_clock=words[0].startswith("*") or words[1].startswith("*"),
        last_day=last_day,
        nth=tuple(sorted(set(nth))),
    )
    if (
        not cron.either
        and days
        and not last_day
        and all(days[0] > DAYS_OF_MONTH[month - 1] for month in months)
    ):
        raise InvalidCron(f"none of its months has a day {days[0]}; cron accepts it, and it is never due")
    return cron


def plain(text: str) -> str:
    """The five fields of an expression as every cron reads them: due whenever the expression is, and perhaps more often."""
    words = _words(text)
    words[2] = ",".join(dict.fromkeys("28-31" if item == "L" else item for item in words[2].split(",")))
    weekdays = (re.sub(r"(?i)^([0-7]|[a-z]{3})(?:L|#\d)$", r"\1", item) for item in words[4].split(","))
    words[4] = ",".join(dict.fromkeys(weekdays))
    return " ".join(words)


def _length(day: date) -> int:
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return DAYS_OF_MONTH[day.month - 1] - (day.month == 2 and not leap)


def _is_nth(day: date, weekday: int, one: NthWeekday) -> bool:
    if weekday != one.weekday:
        return False
    return day.day + 7 > _length(day) if one.number == LAST else (day.day + 6) // 7 == one.number


def _words(text: str) -> list[str]:
    """The five fields, aliases replaced. Raises InvalidCron."""
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise InvalidCron(f"it is longer than {LONGEST} characters")
    words = ALIASES.get(stripped, stripped).split()
    if stripped.startswith("@") and stripped not in ALIASES:
        raise InvalidCron(hints.of_alias(stripped, ALIASES))
    if len(words) != len(_FIELDS):
        raise InvalidCron(hints.of_count(words))
    return words


def _taken(word: str, wanted: Callable[[str], bool]) -> tuple[bool, list[str]]:
    """Whether a field has an item of that kind, and its other items."""
    items = word.split(",")
    return any(map(wanted, items)), [item for item in items if not wanted(item)]


def _values(field: _Field, word: str) -> tuple[int, ...]:
    """The values that one field matches, in ascending order. Raises InvalidCron."""
    found: set[int] = set()
    for item in word.split(","):
        if not item:
            raise InvalidCron(f"{field.name} {word!r}: a comma has nothing on one side; cron refuses it")
        found.update(_range(field, item))
    return tuple(sorted(found))


def _range(field: _Field, item: str) -> range:
    where = f"{field.name} {item!r}"
    match = _ITEM.match(item)
    if match is None:
        raise InvalidCron(f"{where}: {hints.of_foreign(field.name, item)}")
    if match.end() < len(item):
        raise InvalidCron(f"{where}: {_tail(field, item, match)}")
    step = 1 if match["step"] is None else int(match["step"])
    if match["step"] is not None and step == 0:
        raise InvalidCron(f"{where}: a step is at least 1; cron refuses it")
    if match[1] == "*":
        first, last = field.lowest, field.highest
    else:
        first = _number(field, where, match["first"])
        last = first if match["last"] is None else _number(field, where, match["last"])
        if match["last"] is None and match["step"] is not None:
            raise InvalidCron(f"{where}: {hints.of_step_alone(field.name, first, field.highest, step)}")
    if last < first:
        circle = hints.circle(field.lowest, field.highest, first, last, step, weekdays=field is _WEEKDAY)
        raise InvalidCron(
            f"{where}: the range runs backwards; cron accepts it and it never matches; write {circle}"
        )
    if step > max(last - first, 1):
        raise InvalidCron(f"{where}: {hints.of_wide_step(field.name, first, step, star=match[1] == '*')}")
    return range(first, last + 1, step)


def _number(field: _Field, where: str, word: str) -> int:
    if word.lower() in field.names:
        return field.names[word.lower()]
    if not word.isdigit():
        known = f", or {', '.join(field.names)}" if field.names else ""
        advice = hints.of_word(field.name, word, field.names)
        raise InvalidCron(f"{where}: expected {field.lowest} to {field.highest}{known}; {advice}")
    number = int(word)
    if not field.lowest <= number <= field.highest:
        advice = hints.of_number(field.name, number)
        raise InvalidCron(
            f"{where}: {number} is not from {field.lowest} to {field.highest}; cron refuses it{advice}"
        )
    return number


def _tail(field: _Field, item: str, match: re.Match[str]) -> str:
    """What to say of something that begins well and goes on otherwise."""
    head, tail = item[: match.end()], item[match.end() :]
    opens_step = tail[0] == "/" and "/" not in head
    opens_range = tail[0] == "-" and "-" not in head and match[1] != "*"
    # A step of a plain number is refused before what follows is looked at.
    if opens_step or opens_range or (match["step"] is not None and match[1] != "*" and match["last"] is None):
        return "cron refuses it"
    for word in (match["first"], match["last"]):
        if word is not None:
            _number(field, f"{field.name} {item!r}", word)
    return f"cron would read {head!r} and ignore {tail!r}{hints.of_tail(field.name, tail)}"
