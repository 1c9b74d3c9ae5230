"""When cron expressions are due, found without our code: random expressions, and a walk over every minute of a year.

For each minute the zone's clock is read once; the minutes that match a field's value are the bits of a number as long as the
year, and an expression is a few ANDs and ORs of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, Optional
from zoneinfo import ZoneInfo

MINUTE = 60
# (lowest, highest, names by value) of the five fields; weekdays count from Sunday, 0.
FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    (0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")),
)


class Expression(NamedTuple):
    """A cron expression, and the values that its making says each field matches."""

    text: str
    values: tuple[frozenset[int], ...]
    starred: tuple[bool, ...]


def random_expression(dice: random.Random) -> Expression:
    """An expression with lists, ranges, steps, names and stars; a day of each month is among its days."""
    words, values = [], []
    for number in range(5):
        word, matched = _field(dice, number)
        words.append(word)
        values.append(frozenset(value % 7 for value in matched) if number == 4 else frozenset(matched))
    if min(values[2]) > 28:
        words[2], values[2] = f"28,{words[2]}" if words[2][0] != "*" else "*", values[2] | {28}
    return Expression(" ".join(words), tuple(values), tuple(word[0] == "*" for word in words))


def _field(dice: random.Random, number: int) -> tuple[str, set[int]]:
    lowest, highest, _ = FIELDS[number]
    # Most fields of most people are a star; nearly always one of day and weekday.
    if dice.random() < (0.15, 0.3, 0.6, 0.6, 0.6)[number]:
        return "*", set(range(lowest, highest + 1))
    if dice.random() < 0.2:
        step = dice.randint(1, highest - lowest)
        return f"*/{step}", set(range(lowest, highest + 1, step))
    words: list[str] = []
    matched: set[int] = set()
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        first = dice.randint(lowest, highest)
        last = dice.randint(first, highest) if dice.random() < 0.35 else first
        word = _value(dice, number, first)
        if last > first or dice.random() < 0.1:
            word += f"-{last}"
        step = dice.randint(1, max(1, last - first)) if last > first and dice.random() < 0.4 else 1
        words.append(f"{word}/{step}" if step > 1 else word)
        matched.update(range(first, last + 1, step))
    return ",".join(words), matched


def _value(dice: random.Random, number: int, value: int) -> str:
    names = FIELDS[number][2]
    # `sun` is 0: as a 7 it would begin a range elsewhere.
    if names and dice.random() < 0.4 and not (number == 4 and value == 7):
        return dice.choice((names[value], names[value].upper()))
    return dice.choice((str(value), f"{value:02d}"))


class Year:
    """Every minute of some years by the clock of a zone."""

    def __init__(self, zone: str, first: int, last: int) -> None:
        self.zone = ZoneInfo(zone)
        self.begin = int(datetime(first, 1, 1, tzinfo=timezone.utc).timestamp())
        self.length = (int(datetime(last + 1, 1, 1, tzinfo=timezone.utc).timestamp()) - self.begin) // MINUTE
        bits = [[bytearray(self.length // 8 + 1) for _ in range(highest + 1)] for _, highest, _ in FIELDS]
        again = bytearray(self.length // 8 + 1)
        # (minute at which the gap ends, the wall time that was skipped) for gaps of up to three hours.
        self.skipped: list[tuple[int, datetime]] = []
        self.changes: list[int] = []
        latest: Optional[datetime] = None
        offset: Optional[timedelta] = None
        for minute in range(self.length):
            wall = datetime.fromtimestamp(self.begin + minute * MINUTE, self.zone)
            byte, bit = minute >> 3, 1 << (minute & 7)
            bits[0][wall.minute][byte] |= bit
            bits[1][wall.hour][byte] |= bit
            bits[2][wall.day][byte] |= bit
            bits[3][wall.month][byte] |= bit
            bits[4][wall.isoweekday() % 7][byte] |= bit
            naive = wall.replace(tzinfo=None)
            if wall.utcoffset() != offset:
                self.changes.append(minute)
                offset = wall.utcoffset()
                if latest is not None and timedelta(minutes=1) < naive - latest <= timedelta(
                    hours=3, minutes=1
                ):
                    self.skipped += [(minute, missing) for missing in _minutes(latest, naive)]
            if latest is not None and naive <= latest:
                again[byte] |= bit
            else:
                latest = naive
        self.bits = [[int.from_bytes(each, "little") for each in field] for field in bits]
        self.again = int.from_bytes(again, "little")

    def due(self, expression: Expression) -> int:
        """The minutes at which an expression is due, as bits."""
        minutes, hours, days, months, weekdays = (
            self._any(number, values) for number, values in enumerate(expression.values)
        )
        starred = expression.starred
        date = (days & weekdays) if starred[2] or starred[4] else (days | weekdays)
        shown = minutes & hours & months & date
        if starred[0] or starred[1]:
            return shown
        shown &= ~self.again
        for minute, wall in self.skipped:
            if _matches(expression, wall):
                shown |= 1 << minute
        return shown

    def moments(self, due: int) -> Iterator[int]:
        """The bits as epoch seconds, in order."""
        while due:
            lowest = due & -due
            yield self.begin + (lowest.bit_length() - 1) * MINUTE
            due ^= lowest

    def first_after(self, due: int, moment: int) -> Optional[int]:
        """The first of the bits after a moment."""
        passed = (moment - self.begin) // MINUTE + 1
        rest = due >> passed
        return None if not rest else self.begin + (passed + (rest & -rest).bit_length() - 1) * MINUTE

    def _any(self, number: int, values: frozenset[int]) -> int:
        found = 0
        for value in values:
            found |= self.bits[number][value]
        return found


def _minutes(after: datetime, before: datetime) -> Iterator[datetime]:
    wall = after + timedelta(minutes=1)
    while wall < before:
        yield wall
        wall += timedelta(minutes=1)


def _matches(expression: Expression, wall: datetime) -> bool:
    by_day, by_weekday = wall.day in expression.values[2], wall.isoweekday() % 7 in expression.values[4]
    date = (
        (by_day and by_weekday) if expression.starred[2] or expression.starred[4] else (by_day or by_weekday)
    )
    return (
        wall.minute in expression.values[0]
        and wall.hour in expression.values[1]
        and wall.month in expression.values[3]
        and date
    )
