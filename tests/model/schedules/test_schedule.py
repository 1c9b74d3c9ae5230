"""Slot times equal a walk over every minute: a thousand random expressions, nine zones, years with changes of the clock."""

from __future__ import annotations

import random
from datetime import date, datetime, timezone
from functools import lru_cache
from itertools import islice
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from clodputer.model.schedules import cron, window
from clodputer.model.schedules.schedule import (
    Calendar,
    Days,
    Interval,
    Moment,
    Schedule,
    following,
    opening,
    slots,
)
from clodputer.model.schedules.window import Window
from tests.model.clockwork import Year, random_expression

# For each of ten zones.
EXPRESSIONS = 100
BERLIN = ZoneInfo("Europe/Berlin")
# A start at each change of the clock, and as many anywhere.
STARTS = 3

# Changes at one and two o'clock, at midnight, just after midnight, of half an hour, of two hours, by a whole day, by Ramadan,
# backwards in summer, and none at all.
WALKS = [
    ("Europe/Berlin", 2027, 2027),
    ("America/New_York", 2026, 2026),
    ("America/Sao_Paulo", 2018, 2018),
    ("America/St_Johns", 2010, 2010),
    ("Australia/Lord_Howe", 2027, 2027),
    ("Antarctica/Troll", 2024, 2024),
    ("Pacific/Apia", 2011, 2011),
    ("Africa/Casablanca", 2026, 2026),
    ("Pacific/Chatham", 2025, 2025),
    ("Asia/Kolkata", 2028, 2028),
]


@lru_cache(maxsize=2)
def walked(name: str, first: int, last: int) -> Year:
    """The walk of a zone, once for the tests that share it."""
    return Year(name, first, last)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first", "last"), WALKS)
def test_next_equals_the_walk(name: str, first: int, last: int) -> None:
    """The next slot time after any moment is the next minute at which the walk finds the expression due."""
    dice = random.Random(f"{name} {first}")
    year = walked(name, first, last)
    end = year.begin + year.length * 60
    compared = 0
    for _ in range(EXPRESSIONS):
        expression = random_expression(dice)
        due = year.due(expression)
        calendar = Calendar(cron.parse(expression.text), year.zone)
        starts = [
            change + dice.randint(-200, 200)
            for change in dice.sample(year.changes, min(2, len(year.changes)))
        ]
        starts += [dice.randrange(year.length) for _ in range(STARTS)]
        for minute in starts:
            moment = year.begin + max(0, minute) * 60 + dice.choice((-1, 0, 0, 1, 30))
            expected = year.first_after(due, moment) if moment >= year.begin else None
            found = following(calendar, moment)
            if expected is not None:
                assert found == expected, (expression.text, name, moment)
                compared += 1
            elif moment >= year.begin:
                assert found is None or found >= end, (expression.text, name, moment)
    assert compared > EXPRESSIONS * STARTS * 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first", "last"), [WALKS[0], WALKS[3]])
def test_whole_sequences_equal_the_walk(name: str, first: int, last: int) -> None:
    """Not only the next one: the whole sequence, in order and without doubles."""
    dice = random.Random(name)
    year = walked(name, first, last)
    for _ in range(20):
        expression = random_expression(dice)
        expected = list(islice(year.moments(year.due(expression)), 1000))
        found = list(
            islice(slots(Calendar(cron.parse(expression.text), year.zone), year.begin - 1), len(expected))
        )
        assert found == expected, expression.text


def shown(text: str, zone: str, start: str, count: int) -> list[str]:
    """The next slot times after a local time, as the zone's clock shows them."""
    place = ZoneInfo(zone)
    after = datetime.fromisoformat(start).replace(tzinfo=place).timestamp()
    moments = islice(slots(Calendar(cron.parse(text), place), after), count)
    return [datetime.fromtimestamp(moment, place).strftime("%d %H:%M %z") for moment in moments]


def test_a_fixed_time_in_the_gap_is_due_right_after_it() -> None:
    assert shown("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", 2) == ["28 03:00 +0200", "29 02:30 +0200"]


def test_several_fixed_times_in_the_gap_are_due_once() -> None:
    """Also together with one that is due at the end of the gap anyway."""
    assert shown("12,24-37 2,3 * * *", "Europe/Berlin", "2027-03-27T12:00", 2) == [
        "28 03:00 +0200",
        "28 03:12 +0200",
    ]
    assert shown("0 2,3 * * *", "Europe/Berlin", "2027-03-27T12:00", 2) == [
        "28 03:00 +0200",
        "29 02:00 +0200",
    ]


def test_a_fixed_time_in_the_repeated_hour_is_due_once() -> None:
    assert shown("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00", 2) == ["31 02:30 +0200", "01 02:30 +0100"]


def test_wildcards_follow_the_clock() -> None:
    """Skipped minutes are not made up for, repeated ones are due twice."""
    assert shown("*/30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", 1) == ["29 02:00 +0200"]
    assert shown("30 * * * *", "Europe/Berlin", "2027-10-31T01:45", 3) == [
        "31 02:30 +0200",
        "31 02:30 +0100",
        "31 03:30 +0100",
    ]


def test_a_day_that_a_place_left_out_is_not_made_up_for() -> None:
    """Samoa had no 30 December 2011."""
    assert shown("0 8 * * *", "Pacific/Apia", "2011-12-29T00:00", 2) == ["29 08:00 -1000", "31 08:00 +1400"]


def test_a_leap_day_on_a_weekday_is_found() -> None:
    """Once in 28 years, and in 40 around 2100, which is no leap year."""
    calendar = Calendar(cron.parse("0 0 29 2 */7"), timezone.utc)
    found = islice(slots(calendar, datetime(2070, 1, 1, tzinfo=timezone.utc).timestamp()), 2)
    assert [datetime.fromtimestamp(moment, timezone.utc).year for moment in found] == [2088, 2128]


def test_time_ends_somewhere() -> None:
    """At the end of what can be written as a date there is simply nothing more."""
    for text in ("* * * * *", "0 0 29 2 */7"):
        assert following(Calendar(cron.parse(text), ZoneInfo("Pacific/Apia")), 253402300799 - 86400) is None
    assert following(Interval(60, 0), 253402300799.0) is None


def test_intervals_count_from_their_anchor() -> None:
    """In both directions, and not from the last run."""
    assert list(islice(slots(Interval(900, 100), 0.0), 2)) == [100, 1000]
    assert list(islice(slots(Interval(900, 10_000), 0.0), 2)) == [100, 1000]
    assert following(Interval(900, 100), 100) == 1000
    assert following(Interval(900, 100), 99.9) == 100


def test_a_moment_is_due_once() -> None:
    assert list(slots(Moment(100), 99.0)) == [100]
    assert list(slots(Moment(100), 100.0)) == []


@pytest.mark.parametrize(
    ("schedule", "meets"),
    [
        (Calendar(cron.parse("0 8 * * *"), BERLIN, window.active("09:00-10:00", "")), False),
        (Calendar(cron.parse("* 8 * * *"), BERLIN, window.active("09:00-10:00, 12:00-13:00", "")), False),
        (Calendar(cron.parse("0 8 * * mon"), BERLIN, window.active("", "tue-sun")), False),
        (Calendar(cron.parse("0 8 * * mon#1,friL"), BERLIN, window.active("", "tue-thu")), False),
        (Calendar(cron.parse("0 8 13 * fri"), BERLIN, window.active("", "tue")), True),
        (Calendar(cron.parse("0 8 29 2 *"), BERLIN, window.active("", "mon")), True),
        (Days(1, date(2027, 1, 1), 8 * 3600, BERLIN, window.active("09:00-10:00", "")), False),
        (Days(7, date(2027, 1, 1), 8 * 3600, BERLIN, window.active("", "mon-thu")), False),
        (Days(3, date(2027, 1, 1), 8 * 3600, BERLIN, window.active("", "mon")), True),
        (Interval(3600, 0, BERLIN, window.active("08:10-08:50", "")), False),
        (Interval(60, 0, BERLIN, window.active("08:10-08:11", "sun")), True),
        (Interval(3 * 3600, 0, ZoneInfo("Asia/Kolkata"), window.active("08:00-08:29", "")), False),
        (Interval(3601, 0, BERLIN, window.active("08:10-08:50", "")), True),
    ],
)
def test_active_hours_that_no_slot_time_meets(schedule: Schedule, meets: bool) -> None:
    """The search comes to its end at once, wherever it begins."""
    begin = process_time()
    for after in (0.0, 1_800_000_000.0, 1_815_000_000.0):
        assert (following(schedule, after) is not None) is meets
    assert process_time() - begin < 2.0


def test_active_hours_leave_out_slot_times() -> None:
    """Days and hours are those of the schedule's zone."""
    place = ZoneInfo("America/New_York")
    weekdays = Window(8 * 60, 9 * 60, (0, 1, 2, 3, 4))
    friday = datetime(2026, 11, 20, 8, 40, tzinfo=place).timestamp()
    found = islice(slots(Calendar(cron.parse("*/30 * * * *"), place, weekdays), friday), 2)
    assert [datetime.fromtimestamp(moment, place).strftime("%a %H:%M") for moment in found] == [
        "Mon 08:00",
        "Mon 08:30",
    ]
    opens = opening(Interval(900, 0, place, weekdays), friday + 3600)
    assert datetime.fromtimestamp(opens, place).strftime("%a %H:%M") == "Mon 08:00"
    assert opening(Interval(900, 0, place, weekdays), friday) == friday
