"""The alarms of a plist: none of the slot times is missed, under either reading of what launchd does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clodputer.model.schedules.policy import jitter, policy
from clodputer.model.schedules.schedule import slots
from clodputer.model.task import Trigger
from clodputer.schedulers.launchd.calendar import MOST
from clodputer.schedulers.launchd.calendar import entries as entries_of
from tests.examples import examples
from tests.model.clockwork import random_expression
from tests.schedulers.alarms import ring
from tests.schedulers.launchd_walker import MANUAL, OPEN_SOURCE, READINGS, rings
from tests.triggers.slots import schedule

# The system's zones: whole and odd offsets, with and without summer time.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
)
# As far from a change of the clock as this no wall time is shifted. Slot times nearer to one, and those that have it between
# them and their jitter, are left to the sweep, whether it is the system's clock or that of their own zone.
CHANGE = timedelta(hours=4)
JITTERS = (0.0, 0.0, 0.0, 90.0, 3600.0, 86400.0 * 3)
BEGIN = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp())
YEAR = 366 * 86400


def entries(timed: Sequence[Trigger], task: str) -> list[dict[str, int]]:
    """The entries of these triggers of a task."""
    return entries_of(ring(task, tuple(timed)).times)


def steady(first: datetime, last: datetime) -> bool:
    """Whether the clock is changed neither between two moments nor near them."""
    # By way of UTC: local arithmetic knows no changes.
    context = (first.astimezone(timezone.utc) - CHANGE, last.astimezone(timezone.utc) + CHANGE)
    between = (first, last, *(moment.astimezone(first.tzinfo) for moment in context))
    return len({one.utcoffset() for one in between}) == 1


def missed(
    timed: Sequence[Trigger], task: str, zone: ZoneInfo, starts: Sequence[int], most: int = 25
) -> list[str]:
    """The slot times after these moments that no alarm follows within a minute."""
    found, rung = [], entries(timed, task)
    for one in timed:
        own = ZoneInfo(one.options["timezone"]) if one.options.get("timezone") else zone
        later = policy(one, task).jitter
        for start in starts:
            for slot in islice(slots(schedule(one, own), start), most):
                due = datetime.fromtimestamp(-(-(slot + later) // 60) * 60, zone)
                shown = datetime.fromtimestamp(slot, own), datetime.fromtimestamp(slot, zone)
                if steady(shown[0], shown[0]) and steady(shown[1], due):
                    found += [f"{reading}: {due}" for reading in READINGS if not rings(rung, due, reading)]
    return found


def random_triggers(dice: random.Random) -> tuple[list[Trigger], str]:
    """One or two triggers of any timed kind, and a task's name, for its jitter."""
    timed = []
    for _ in range(dice.choice((1, 1, 1, 2))):
        common = {"jitter": dice.choice(JITTERS)}
        kind = dice.random()
        if kind < 0.8:
            zone = dice.choice(("", "", "", *ZONES))
            timed.append(
                Trigger("cron", {"schedule": random_expression(dice).text, "timezone": zone, **common})
            )
        elif kind < 0.95:
            every = dice.choice(
                (60, 300, 420, 900, 1000, 3600, 5400, 86400, 90061, dice.randint(60, 200_000))
            )
            anchor = datetime.fromtimestamp(BEGIN + dice.randrange(YEAR), timezone.utc).isoformat()
            timed.append(Trigger("interval", {"every": float(every), "anchor": anchor, **common}))
        else:
            moment = datetime.fromtimestamp(BEGIN + dice.randrange(YEAR), timezone.utc)
            timed.append(Trigger("at", {"time": moment.isoformat()}))
    return timed, f"task-{dice.randrange(1000)}"


def no_slot_time_is_missed(dice: random.Random) -> None:
    """The property."""
    timed, task = random_triggers(dice)
    zone = ZoneInfo(dice.choice(ZONES))
    starts = [BEGIN - 86400, *(BEGIN + dice.randrange(YEAR) for _ in range(3))]
    assert missed(timed, task, zone, starts) == []
    found = entries(timed, task)
    assert len(found) <= MOST
    assert all("Minute" in entry for entry in found)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_no_slot_time_is_missed(dice: random.Random) -> None:
    """Each slot time of random triggers is followed by an alarm within a minute."""
    no_slot_time_is_missed(dice)


@pytest.mark.slow
def test_no_slot_time_of_hundreds_is_missed() -> None:
    """The same for 600 sets of triggers, most of them cron expressions."""

    @settings(max_examples=examples(600), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**64))
    def sought(seed: int) -> None:
        no_slot_time_is_missed(random.Random(seed))

    sought()


def cron(schedule: str, **options: object) -> list[Trigger]:
    """A cron trigger."""
    return [Trigger("cron", {"schedule": schedule, **options})]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 9 * * *", [{"Hour": 9, "Minute": 0}]),
        ("*/30 * * * *", [{"Minute": 0}, {"Minute": 30}]),
        ("5 4 * * 1,7", [{"Weekday": 0, "Hour": 4, "Minute": 5}, {"Weekday": 1, "Hour": 4, "Minute": 5}]),
        ("5 4 1 6 *", [{"Month": 6, "Day": 1, "Hour": 4, "Minute": 5}]),
        # Either is enough, as two entries: one that holds both means different things to different versions.
        ("0 0 1 * 5", [{"Weekday": 5, "Hour": 0, "Minute": 0}, {"Day": 1, "Hour": 0, "Minute": 0}]),
        # Both must match, which cannot be said: the Fridays, of which exec takes the right ones.
        ("0 0 */10 * 5", [{"Weekday": 5, "Hour": 0, "Minute": 0}]),
        # Months beside weekdays, and days that not every month has, are left out.
        ("0 8 * 3 1", [{"Weekday": 1, "Hour": 8, "Minute": 0}]),
        ("0 8 31 * *", [{"Hour": 8, "Minute": 0}]),
        ("0 8 31 12 *", [{"Month": 12, "Hour": 8, "Minute": 0}]),
    ],
)
def test_entries_of_an_expression(schedule: str, expected: list[dict[str, int]]) -> None:
    """As few alarms as launchd can be told for sure."""
    assert entries(cron(schedule), "x") == expected


def test_too_many_entries_lose_fields() -> None:
    """An hour of ten minutes on each of 28 days would be 280 entries."""
    found = entries(cron("0-9 3 1-28 * *"), "x")
    assert found == [{"Hour": 3, "Minute": minute} for minute in range(10)]


def test_an_own_zone_rings_each_quarter_of_an_hour() -> None:
    """Wherever the computer is taken, one of them is nine o'clock there."""
    found = entries(cron("10 9 * * *", timezone="Asia/Kathmandu"), "x")
    assert found == [{"Minute": minute} for minute in (10, 25, 40, 55)]


def test_jitter_shifts_the_alarm_over_midnight() -> None:
    """The day after, for what is later than its day."""
    (late,) = entries(cron("59 23 * * 6", jitter=3600.0), "x")
    assert late["Weekday"] == 0
    assert jitter("x", 3600.0) // 60 <= late["Minute"] + 60 * late["Hour"] + 1 <= 60


def test_a_month_does_not_hold_what_comes_after_midnight() -> None:
    """The last of March becomes the first of April."""
    found = entries(cron("59 23 * 3 *", jitter=3600.0), "x")
    assert [set(entry) for entry in found] == [{"Hour", "Minute"}]


def test_an_interval_rings_each_quarter_of_an_hour() -> None:
    """A full hour in UTC is half past where the offset is half an hour."""
    found = entries([Trigger("interval", {"every": 3600.0})], "x")
    assert found == [{"Minute": minute} for minute in (0, 15, 30, 45)]


def test_entries_of_a_moment() -> None:
    """The dates that it may be anywhere."""
    found = entries([Trigger("at", {"time": "2026-12-31T20:00:30Z"})], "x")
    assert {(entry["Month"], entry["Day"]) for entry in found} == {(12, 31), (1, 1)}
    assert {entry["Minute"] for entry in found} == {1, 16, 31, 46}


def test_the_walker_finds_what_is_missing() -> None:
    """It tells the readings apart, and a wrong entry from a right one."""
    april, may = datetime(2026, 4, 30, 8, 0), datetime(2026, 5, 1, 8, 0)  # noqa: DTZ001
    last = [{"Day": 31, "Hour": 8, "Minute": 0}]
    assert (rings(last, may, MANUAL), rings(last, may, OPEN_SOURCE)) == (False, True)
    friday = [{"Month": 3, "Weekday": 5, "Minute": 0}]
    assert (rings(friday, may, MANUAL), rings(friday, may, OPEN_SOURCE)) == (False, True)
    assert not rings([{"Hour": 8, "Minute": 1}], april, MANUAL)
    assert rings([{"Day": 2, "Weekday": 4, "Minute": 0}], april, MANUAL)
