"""Timers ring at every slot time, also when clocks are changed and with jitter; `systemd-analyze` is the witness."""

from __future__ import annotations

import os
import random
import re
import subprocess
from datetime import datetime, timedelta, timezone
from itertools import islice, takewhile
from shutil import which
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.schedules.cron import DAYS_OF_MONTH, InvalidCron, parse
from clodputer.model.schedules.policy import jitter as delay
from clodputer.model.schedules.schedule import slots
from clodputer.model.task import Trigger
from clodputer.schedulers.systemd.calendar import MINUTELY, at_least_every, grid
from clodputer.schedulers.systemd.calendar import calendar as lines_of
from tests.examples import examples
from tests.schedulers.alarms import times
from tests.schedulers.calendar_lines import rings
from tests.triggers import slots as of_trigger

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "America/Santiago",
    "Pacific/Chatham",
)


def calendar(one: Trigger, task: str, zone: str) -> list[str]:
    return [line for each in times(one, task) for line in lines_of(each, zone)]


def cron(schedule: str, **options: object) -> Trigger:
    return Trigger("cron", {"schedule": schedule, **options})


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("0 9 * * *", ["*-*-* 09:00:00"]),
        ("*/30 9,17 * * 1-5", ["Mon,Tue,Wed,Thu,Fri *-*-* 09,17:00,30:00"]),
        ("* * * * *", ["*-*-* *:*:00"]),
        ("@weekly", ["Sun *-*-* 00:00:00"]),
        ("0 0 1,15 * 5", ["Fri *-*-* 00:00:00", "*-*-01,15 00:00:00"]),
        ("0 0 */10 * 5", ["Fri *-*-01,11,21,31 00:00:00"]),
        ("0 0 31 2 5", ["Fri *-02-* 00:00:00"]),
        ("5 4 1 jan,jul *", ["*-01,07-01 04:05:00"]),
    ],
)
def test_expressions(expression: str, lines: list[str]) -> None:
    assert calendar(cron(expression), "t", "") == lines


def test_zones() -> None:
    """A trigger's own zone is named; without one it is the system's, whichever that will be then."""
    assert calendar(cron("0 9 * * *", timezone="Asia/Tokyo"), "t", "Europe/Berlin") == [
        "*-*-* 09:00:00 Asia/Tokyo"
    ]
    assert calendar(cron("0 9 * * *", timezone="utc"), "t", "Europe/Berlin") == ["*-*-* 09:00:00 UTC"]
    assert calendar(cron("0 9 * * *"), "t", "Europe/Berlin") == ["*-*-* 09:00:00"]


def test_a_time_that_the_clock_skips() -> None:
    """systemd would not ring at all that day; the slot time is at the end of the gap."""
    lines = calendar(cron("30 2 * * *"), "t", "Europe/Berlin")
    assert "*-03-25,26,27,28,29,30,31 01:00:00 UTC" in lines
    gap_ends = int(datetime(2027, 3, 28, 1, tzinfo=timezone.utc).timestamp())
    assert rings(lines, gap_ends, "Europe/Berlin")


def test_an_hour_that_the_clock_shows_twice() -> None:
    """systemd would pass over the second showing."""
    second = int(datetime(2027, 10, 31, 1, 20, tzinfo=timezone.utc).timestamp())
    assert rings(calendar(cron("*/20 * * * *"), "t", "Europe/Berlin"), second, "Europe/Berlin")
    assert not rings(["*-*-* *:00,20,40:00"], second, "Europe/Berlin")


def test_other_times_need_no_more_lines() -> None:
    assert calendar(cron("0 9 * * *"), "t", "Europe/Berlin") == ["*-*-* 09:00:00"]
    assert len(calendar(cron("* * * * *"), "t", "Europe/Berlin")) == 2


@pytest.mark.parametrize(
    ("every", "anchor", "lines"),
    [
        (3600, 0, ["*-*-* *:00:00 UTC"]),
        (7200, 600, ["*-*-* 00,02,04,06,08,10,12,14,16,18,20,22:10:00 UTC"]),
        (90, 0, None),
        (7 * 3600, 0, ["*-*-* *:00:00 UTC"]),
        (3 * 86400, 5, ["*-*-* 00:00:05 UTC"]),
        (61, 0, [MINUTELY]),
    ],
)
def test_intervals(every: int, anchor: int, lines: list[str]) -> None:
    found = grid(every, anchor)
    assert lines is None or found == lines
    if every != 61:
        assert all(rings(found, anchor + number * every) for number in range(1000))


def test_an_interval_goes_by_its_anchor() -> None:
    at = Trigger("interval", {"every": 5400.0, "anchor": "2026-01-01T00:10:00+01:00", "jitter": 600.0})
    lines = calendar(at, "some-task", "Europe/Berlin")
    late = delay("some-task", 600.0)
    assert late > 0
    assert all(
        rings(lines, slot + late) for slot in islice(slots(of_trigger.schedule(at, timezone.utc), 1.8e9), 100)
    )


@pytest.mark.parametrize("seconds", [60, 61, 300, 900, 1000, 3600, 86400, 10**6])
def test_the_sweep_comes_often_enough(seconds: int) -> None:
    lines = at_least_every(seconds)
    moments = [moment for moment in range(0, 2 * 86400, 60) if rings(lines, moment)]
    assert moments
    assert (
        max(later - sooner for sooner, later in zip(moments, moments[1:])) <= seconds
        if len(moments) > 2
        else True
    )


def test_a_single_moment() -> None:
    at = Trigger("at", {"time": "2026-11-21T08:00:03+01:00"})
    assert calendar(at, "t", "Europe/Berlin") == ["2026-11-21 07:00:03 UTC"]
    assert calendar(Trigger("at", {"time": "2300-01-01T00:00:00Z"}), "t", "") == []


def test_what_has_no_slot_times() -> None:
    assert [calendar(Trigger(kind, {}), "t", "") for kind in ("startup", "manual")] == [[], []]


fields = st.tuples(
    st.sampled_from(["*", "0", "30", "*/20", "*/7", "59", "0,15", "1-3"]),
    st.sampled_from(["*", "0", "1", "2", "3", "2,3", "23", "*/2", "0-4"]),
    st.sampled_from(["*", "1", "25-31", "31", "1,15", "*/2", "28-31"]),
    st.sampled_from(["*", "3", "10", "11", "3,4,10", "2"]),
    st.sampled_from(["*", "0", "1", "1-5", "*/2", "6"]),
)
jitters = st.sampled_from([0, 0, 1, 59, 600, 3600, 7200, 80000, 86399])


@settings(max_examples=examples(120), deadline=None)
@given(
    fields, st.sampled_from(ZONES), jitters, st.integers(2026, 2050), st.booleans(), st.text("ab", min_size=1)
)
def test_every_slot_time_rings(
    words: tuple[str, ...], zone: str, jitter: int, year: int, named: bool, task: str
) -> None:
    """Around the changes of the clock too, with a model of a systemd that misses whatever it may miss."""
    try:
        parse(" ".join(words))
    except InvalidCron:
        return
    one = cron(" ".join(words), jitter=float(jitter), **({"timezone": zone} if named else {}))
    lines = calendar(one, task, zone)
    late = delay(task, jitter)
    clock = ZoneInfo(zone)
    for month in (3, 4, 10, 11):
        begin = datetime(year, month, 1, tzinfo=timezone.utc)
        for day in range(31):
            today = begin + timedelta(days=day)
            if (
                today.astimezone(clock).utcoffset()
                != (today + timedelta(days=1)).astimezone(clock).utcoffset()
            ):
                first = (today - timedelta(days=1)).timestamp()
                schedule = of_trigger.schedule(one, clock)
                due = takewhile(lambda slot: slot < first + 4 * 86400, slots(schedule, first))  # noqa: B023
                for slot in due:
                    assert rings(lines, slot + late, zone), (lines, datetime.fromtimestamp(slot, clock))


def random_expression(source: random.Random) -> str:
    """One of all the forms that cron knows."""

    def field(low: int, high: int) -> str:
        kind = source.randrange(6)
        first = source.randint(low, high)
        last = source.randint(first, high)
        if kind == 0:
            return "*"
        if kind == 1:
            return f"*/{source.randint(1, high)}"
        if kind == 2:
            return f"{first}-{last}"
        if kind == 3:
            return f"{first}-{last}/{source.randint(1, max(1, last - first))}"
        return ",".join(str(source.randint(low, high)) for _ in range(source.randint(1, 4)))

    return " ".join([field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)])


@pytest.mark.slow
def test_systemd_rings_exactly_at_the_slot_times() -> None:
    """2,500 random expressions, the next six times of each, as systemd's own reading of our lines has them."""
    if which("systemd-analyze") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-analyze is missing; .ci/run installs systemd")
        pytest.skip("systemd-analyze is missing")
    source = random.Random(20261121)
    base = datetime(2026, 11, 21, 5, 20, 30, tzinfo=timezone.utc)
    wanted: list[tuple[str, list[str], list[int]]] = []
    while len(wanted) < 2500:
        expression = random_expression(source)
        try:
            parsed = parse(expression)
        except InvalidCron:
            continue
        # A line that never rings is left out by us; systemd says "never".
        assert parsed.either or parsed.days[0] <= max(DAYS_OF_MONTH[month - 1] for month in parsed.months)
        one = cron(expression, timezone="UTC")
        due = list(islice(slots(of_trigger.schedule(one, timezone.utc), base.timestamp()), 6))
        wanted.append((expression, calendar(one, "t", ""), due))
    specs = sorted({line for _, lines, _ in wanted for line in lines})
    elapses: dict[str, list[int]] = {}
    for begin in range(0, len(specs), 400):
        elapses.update(next_elapses(specs[begin : begin + 400], base))
    for expression, lines, due in wanted:
        told = sorted({moment for line in lines for moment in elapses[line]})[:6]
        assert told == due, (expression, lines)


def next_elapses(specs: list[str], base: datetime) -> dict[str, list[int]]:
    """When systemd would ring next, by line."""
    ended = subprocess.run(
        [
            "systemd-analyze",
            "calendar",
            "--iterations=6",
            f"--base-time={base:%Y-%m-%d %H:%M:%S} UTC",
            *specs,
        ],
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    blocks = ended.stdout.strip().split("\n\n")
    assert len(blocks) == len(specs)
    return {
        spec: [
            int(datetime.strptime(f"{moment} +0000", "%Y-%m-%d %H:%M:%S %z").timestamp())
            for moment in re.findall(r"(?:elapse|#\d+): \w+ (\S+ \S+) UTC", block)
        ]
        for spec, block in zip(specs, blocks)
    }
