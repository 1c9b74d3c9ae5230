"""Lines of a crontab ring exactly at the slot times: shown for thousands of expressions by a walk over every minute."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clodputer.model.schedules import cron
from clodputer.model.schedules.schedule import Calendar, slots
from clodputer.model.task import Trigger
from clodputer.schedulers.cron import times
from tests.model.clockwork import FIELDS, Expression, Year, random_expression
from tests.schedulers.alarms import times as times_of
from tests.triggers.slots import schedule

EXPRESSIONS = 2500


def fields(trigger: Trigger, task: str, zone: str) -> list[str]:
    return [line for one in times_of(trigger, task) for line in times.times(one, zone)]


def understood(line: str) -> Expression:
    """A line as a simple cron reads it: numbers, ranges, steps and stars, nothing else."""
    words = line.split()
    assert len(words) == 5
    values = []
    for word, (lowest, highest, _) in zip(words, FIELDS):
        matched: set[int] = set()
        for part in word.split(","):
            span, _, step = part.partition("/")
            first, _, last = (f"{lowest}-{highest}" if span == "*" else span).partition("-")
            assert not step or last
            matched.update(range(int(first), int(last or first) + 1, int(step or 1)))
        values.append(frozenset(value % 7 for value in matched) if highest == 7 else frozenset(matched))
    return Expression(line, tuple(values), tuple(word[0] == "*" for word in words))


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Europe/Berlin"])
def test_lines_ring_at_the_slot_times_and_at_no_others(zone: str) -> None:
    """With Debian's own rules for changes of the clock they agree even there."""
    dice = random.Random(zone)
    year = Year(zone, 2027, 2027)
    compared = 0
    for _ in range(EXPRESSIONS):
        text = random_expression(dice).text
        lines = fields(Trigger("cron", {"schedule": text}), "work", zone)
        rung = 0
        for line in lines:
            expression = understood(line)
            # No line depends on what a cron makes of a day and a weekday that are both named.
            assert "*" in (line.split()[2][0], line.split()[4][0])
            rung |= year.due(expression)
        calendar = Calendar(cron.parse(text), year.zone)
        for _ in range(3):
            start = year.begin + dice.randrange(year.length) * 60
            for slot in islice(slots(calendar, start), 8):
                if slot >= year.begin + year.length * 60:
                    break
                assert year.first_after(rung, start) == slot, (text, lines, start)
                start = slot
                compared += 1
    assert compared > EXPRESSIONS * 10


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("@daily", ["0 0 * * *"]),
        ("*/15 9-17 * * MON-fri", ["*/15 9-17 * * 1-5"]),
        ("0 0 1 jan,Jul *", ["0 0 1 1,7 *"]),
        ("0 0 * * sun", ["0 0 * * 0"]),
        ("0 0 1,15 * 5", ["0 0 1,15 * *", "0 0 * * 5"]),
        ("0 0 */10 * 5", ["0 0 */10 * 5"]),
        ("  5   4 * * *  ", ["5 4 * * *"]),
    ],
)
def test_expressions_in_plain_numbers(text: str, lines: list[str]) -> None:
    assert fields(Trigger("cron", {"schedule": text}), "work", "Europe/Berlin") == lines


@pytest.mark.parametrize(
    ("every", "anchor", "zone", "lines"),
    [
        (60, "", "", ["* * * * *"]),
        (900, "", "", ["*/15 * * * *"]),
        (900, "2026-01-01T00:05:00Z", "", ["5,20,35,50 * * * *"]),
        (3600, "", "Europe/Berlin", ["0 * * * *"]),
        (3600, "", "Asia/Kolkata", ["30 * * * *"]),
        (1800, "", "Asia/Kathmandu", ["15,45 * * * *"]),
        (7200, "", "UTC", ["0 */2 * * *"]),
        (6 * 3600, "2026-01-01T03:10:00Z", "UTC", ["10 3,9,15,21 * * *"]),
        (86400, "2026-01-01T03:10:00Z", "Asia/Tokyo", ["10 12 * * *"]),
        # Left to the line of every minute: along the day, by seconds, where the clock is changed, where it is not known.
        (5400, "", "UTC", []),
        (2 * 86400, "", "UTC", []),
        (90, "", "UTC", []),
        (900, "2026-01-01T00:00:30Z", "UTC", []),
        (7200, "", "Europe/Berlin", []),
        (3600, "", "Australia/Lord_Howe", []),
        (3600, "", "", []),
        (3600, "", "No/Such", []),
    ],
)
def test_intervals(every: int, anchor: str, zone: str, lines: list[str]) -> None:
    """What is written rings at every slot time of a year's beginning and at no other."""
    trigger = Trigger("interval", {"every": every, **({"anchor": anchor} if anchor else {})})
    found = fields(trigger, "work", zone)
    assert found == lines
    begin = int(datetime(2027, 3, 20, tzinfo=timezone.utc).timestamp())
    if lines:
        due = list(islice(slots(schedule(trigger, timezone.utc), begin - 1), 100 if every <= 3600 else 6))
        rung = [moment for moment in range(begin, due[-1] + 60, 60) if _rings(found, moment, zone)]
        assert rung == due


def _rings(lines: list[str], moment: int, zone: str) -> bool:
    wall = datetime.fromtimestamp(moment, ZoneInfo(zone or "UTC"))
    return any(
        wall.minute in understood(line).values[0] and wall.hour in understood(line).values[1]
        for line in lines
    )


LEFT: list[tuple[str, dict[str, Any]]] = [
    ("cron", {"schedule": "0 2 * * *", "timezone": "Asia/Tokyo"}),
    ("cron", {"schedule": "0 2 * * *", "jitter": 3600.0}),
    ("interval", {"every": 900, "jitter": 3600.0}),
    ("at", {"time": "2027-01-01T00:00:00Z"}),
    ("startup", {}),
    ("file_watch", {"path": "/tmp"}),
]


@pytest.mark.parametrize(("kind", "options"), LEFT)
def test_what_cron_cannot_say_is_left_to_the_line_of_every_minute(kind: str, options: dict[str, Any]) -> None:
    assert fields(Trigger(kind, options), "work", "Europe/Berlin") == []


def test_the_system_s_own_zone_needs_no_other_clock() -> None:
    options = {"schedule": "0 2 * * *", "timezone": "Europe/Berlin"}
    assert fields(Trigger("cron", options), "work", "Europe/Berlin") == ["0 2 * * *"]
    assert fields(Trigger("cron", options), "work", "") == []
