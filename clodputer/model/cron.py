"""A cron expression with Debian's meaning, read strictly: what cron would silently misread is an error here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

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

_ITEM = re.compile(r"(\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", re.ASCII)


class InvalidCron(ValueError):
    """No expression of ours; the message says what is wrong and what cron would have made of it."""


class _Field(NamedTuple):
    name: str
    lowest: int
    highest: int
    names: Mapping[str, int] = {}


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, MONTHS),
    _Field("day of week", 0, 7, WEEKDAYS),
)


class Cron(NamedTuple):
    """When it is due, as the values that each field matches, in ascending order; Sunday is 0.

    either: one of day and weekday is enough, cron's rule when neither field begins with `*`; otherwise both must match.
    follows_clock: the minute or the hour begins with `*`, so that changes of the clock are simply followed; all others are
    fixed times, which run once a day whatever the clock does.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool
    follows_clock: bool

    def on(self, month: int, day: int, weekday: int) -> bool:
        """Whether a date matches; `weekday` counts from Sunday, 0."""
        if month not in self.months:
            return False
        by_day, by_weekday = day in self.days, weekday in self.weekdays
        return (by_day or by_weekday) if self.either else (by_day and by_weekday)


def parse(text: str) -> Cron:
    """The expression that five fields or an alias such as `@daily` make. Raises InvalidCron."""
    stripped = text.strip()
    if len(stripped) > LONGEST:
        raise InvalidCron(f"it is longer than {LONGEST} characters")
    if stripped.startswith("@"):
        stripped = _alias(stripped)
    words = stripped.split()
    if len(words) != len(_FIELDS):
        raise InvalidCron(_wrong_count(words))
    minutes, hours, days, months, weekdays = (_values(field, word) for field, word in zip(_FIELDS, words))
    cron = Cron(
        minutes,
        hours,
        days,
        months,
        tuple(sorted({value % 7 for value in weekdays})),
        either=not (words[2].startswith("*") or words[4].startswith("*")),
        follows_clock=words[0].startswith("*") or words[1].startswith("*"),
    )
    if not cron.either and all(days[0] > DAYS_OF_MONTH[month - 1] for month in months):
        raise InvalidCron(f"no month it names has a day {days[0]}; cron accepts it, and it is never due")
    return cron


def _alias(text: str) -> str:
    if text in ALIASES:
        return ALIASES[text]
    if text == "@reboot":
        raise InvalidCron("@reboot is no time; write a trigger with type: startup")
    if text.startswith("@every"):
        raise InvalidCron("cron refuses @every; write a trigger with type: interval and every: 15m")
    if text.lower() in ALIASES:
        raise InvalidCron(f"cron refuses it: such names are in lower case; write {text.lower()}")
    raise InvalidCron(f"cron refuses it: known are {', '.join(ALIASES)}")


def _wrong_count(words: list[str]) -> str:
    wanted = "expected five fields (minute, hour, day of month, month, day of week)"
    if len(words) > len(_FIELDS):
        return f"{wanted}, there are {len(words)}; cron knows no seconds and no years, and takes the sixth for a command"
    return f"{wanted}, there {'is' if len(words) == 1 else 'are'} {len(words)}; cron refuses it"


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
        raise InvalidCron(f"{where}: {_foreign(item)}")
    if match.end() < len(item):
        raise InvalidCron(f"{where}: {_tail(field, item, match)}")
    step = 1 if match["step"] is None else int(match["step"])
    if match["step"] is not None and step == 0:
        raise InvalidCron(f"{where}: steps of 0 lead nowhere; cron refuses it")
    if match[1] == "*":
        first, last = field.lowest, field.highest
    else:
        first = _number(field, where, match["first"])
        last = first if match["last"] is None else _number(field, where, match["last"])
        if match["last"] is None and match["step"] is not None:
            raise InvalidCron(
                f"{where}: a step needs * or a range before it, such as {first}-{field.highest}/{step}; "
                "cron refuses it"
            )
    if last < first:
        raise InvalidCron(
            f"{where}: the range runs backwards; cron accepts it and it never matches; "
            f"write {_around(field, first, last)}"
        )
    if step > max(last - first, 1):
        raise InvalidCron(
            f"{where}: the step is wider than the range; cron would take {first} only; write {first}"
        )
    return range(first, last + 1, step)


def _around(field: _Field, first: int, last: int) -> str:
    """A backwards range as two forwards ones."""
    if field.names is WEEKDAYS and last == 0:
        return f"{first}-7"
    parts = ((first, 6 if field.names is WEEKDAYS else field.highest), (field.lowest, last))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def _number(field: _Field, where: str, word: str) -> int:
    if word.lower() in field.names:
        return field.names[word.lower()]
    if not word.isdigit():
        known = f", or {', '.join(field.names)}" if field.names else ""
        raise InvalidCron(f"{where}: expected {field.lowest} to {field.highest}{known}; {_foreign(word)}")
    number = int(word)
    if not field.lowest <= number <= field.highest:
        raise InvalidCron(f"{where}: {number} is not from {field.lowest} to {field.highest}; cron refuses it")
    return number


def _foreign(item: str) -> str:
    """What to say of something that begins like no value."""
    for sign, of in (("?", "Quartz"), ("H", "Jenkins"), ("L", "Quartz"), ("W", "Quartz"), ("~", "OpenBSD")):
        if sign in item:
            return f"{sign!r} is of {of}'s, and cron refuses it"
    return "cron refuses it"


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
    return f"cron would read {head!r} and ignore {tail!r}"
