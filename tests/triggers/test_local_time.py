"""Times on the clock of a place: days and single moments across changes of the clock, ends, windows, and a late start."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Optional
from zoneinfo import ZoneInfo

import pytest

from clodputer import triggers
from clodputer.model.config.keys import defaults
from clodputer.model.schedules.due import Entry
from clodputer.model.schedules.ring import Expression, Once
from clodputer.model.schedules.schedule import slots
from clodputer.model.task import Trigger
from clodputer.model.triggers.decision import Facts
from clodputer.tasks import taskfile
from clodputer.triggers import Deciding
from tests.triggers.slots import schedule
from tests.workshop import make_home, write_task

BERLIN = "Europe/Berlin"


def trigger(kind: str, **options: object) -> Trigger:
    return Trigger(kind, {**defaults(triggers.load(kind).KEYS), **options})


def due(one: Trigger, after: str, count: int, zone: str = BERLIN) -> list[str]:
    """The slot times after a time on the clock, as that clock shows them."""
    place = ZoneInfo(zone)
    begin = datetime.fromisoformat(after).replace(tzinfo=place).timestamp()
    found = islice(slots(schedule(one, place), begin), count)
    return [datetime.fromtimestamp(slot, place).strftime("%m-%d %H:%M") for slot in found]


@pytest.mark.parametrize(
    ("options", "after", "expected"),
    [
        (
            {"every": 86400.0, "anchor": "2026-01-01T08:00"},
            "2027-03-26T12:00",
            ["03-27 08:00", "03-28 08:00", "03-29 08:00"],
        ),
        (
            {"every": 86400.0, "anchor": "2026-01-01T08:00"},
            "2027-10-29T12:00",
            ["10-30 08:00", "10-31 08:00", "11-01 08:00"],
        ),
        (
            {"every": 14 * 86400.0, "anchor": "2027-01-04T08:00"},
            "2027-03-14T00:00",
            ["03-15 08:00", "03-29 08:00", "04-12 08:00"],
        ),
        (
            {"every": 86400.0, "anchor": "2027-04-01T02:30"},
            "2027-03-27T00:00",
            ["03-27 02:30", "03-28 03:00", "03-29 02:30"],
        ),
        (
            {"every": 86400.0, "anchor": "2026-01-01T08:00:00+01:00"},
            "2027-03-26T12:00",
            ["03-27 08:00", "03-28 09:00", "03-29 09:00"],
        ),
    ],
)
def test_days_go_by_the_clock(options: dict[str, object], after: str, expected: list[str]) -> None:
    """From an anchor without an offset; with one, real time is counted."""
    assert due(trigger("interval", **options), after, 3) == expected


@pytest.mark.parametrize(
    "zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]
)
@pytest.mark.parametrize("clock", ["00:00", "02:30", "23:59"])
def test_each_day_once(zone: str, clock: str) -> None:
    """For years, in order, at that time on the clock unless it is skipped there."""
    place = ZoneInfo(zone)
    one = schedule(trigger("interval", every=86400.0, anchor=f"2011-01-01T{clock}"), place)
    begin = datetime(2011, 6, 1, tzinfo=place).timestamp()
    found = [datetime.fromtimestamp(slot, place) for slot in islice(slots(one, begin), 1200)]
    dates = [moment.date() for moment in found]
    assert dates == sorted(set(dates))
    assert (dates[-1] - dates[0]).days + 1 - len(dates) <= 1, "one day was left out in Apia"
    assert sum(f"{moment:%H:%M}" != clock for moment in found) <= 4


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2027-03-28T02:30", "2027-03-28T03:00:00+02:00"),
        ("2027-10-31T02:30", "2027-10-31T02:30:00+02:00"),
        ("2027-07-01T02:30", "2027-07-01T02:30:00+02:00"),
        ("2027-07-01T02:30Z", "2027-07-01T04:30:00+02:00"),
    ],
)
def test_a_single_moment_by_the_clock(time: str, expected: str) -> None:
    """Skipped by the clock: right after the gap. Shown twice: the first time."""
    one = trigger("at", time=time, timezone=BERLIN)
    moment = int(datetime.fromisoformat(expected).timestamp())
    assert list(slots(schedule(one, ZoneInfo(BERLIN)), 0.0)) == [moment]
    assert triggers.load("at").alarm(one).times == (Once(moment),)


def test_the_alarm_of_days() -> None:
    """Every day at that time; exec knows which of them count."""
    one = trigger("interval", every=14 * 86400.0, anchor="2027-01-04T08:05:30", timezone=BERLIN)
    assert triggers.load("interval").alarm(one).times == (Expression("5 8 * * *", BERLIN, 30),)
    assert triggers.words([one]) == "every 14d at 08:05 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("cron", {"schedule": "0 8 * * *"}),
        ("interval", {"every": 86400.0, "anchor": "2026-01-01T08:00"}),
        ("interval", {"every": 3600.0, "anchor": "1970-01-01T00:00:00Z", "active": {"hours": "08:00-08:30"}}),
    ],
)
def test_until(kind: str, options: dict[str, object]) -> None:
    """A date includes the whole of that day; a moment counts itself."""
    for until, last in (
        ("2027-05-03", "05-03 08:00"),
        ("2027-05-03T08:00", "05-03 08:00"),
        ("2027-05-03T07:59", "05-02 08:00"),
    ):
        one = trigger(kind, **options, until=until)
        assert due(one, "2027-05-01T12:00", 10)[-1] == last
    assert "until 2027-05-03" in triggers.words([trigger(kind, **options, until="2027-05-03")])


def test_several_windows() -> None:
    one = trigger("cron", schedule="0 * * * *", active={"hours": "08:00-10:00, 22:00-01:00", "days": "mon"})
    assert due(one, "2027-05-02T00:00", 5) == [
        "05-03 08:00",
        "05-03 09:00",
        "05-03 22:00",
        "05-03 23:00",
        "05-04 00:00",
    ]


def test_some_time_after_the_start() -> None:
    """The request waits; only when the start was noticed is known."""
    kind = triggers.load("startup")
    assert isinstance(kind, Deciding)
    entry: Optional[Entry] = None
    one = trigger("startup", after=900.0)
    entry = kind.decide(one, entry, Facts(seen="a"), 1000.0).entry
    (drop,) = kind.decide(one, entry, Facts(seen="b"), 2000.0).drops
    assert drop.not_before == 2900.0
    assert triggers.words([one]) == "15m after the computer starts"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{type: interval, every: 2w, anchor: 2026-11-23T08:00, timezone: Europe/Berlin}",
            "every 14d at 08:00 (Europe/Berlin)",
        ),
        (
            "{type: at, time: 2026-12-24T18:00, timezone: Asia/Tokyo}",
            "once, at 2026-12-24T18:00 (Asia/Tokyo)",
        ),
        ("{type: startup, after: 15m}", "15m after the computer starts"),
        (
            "{type: cron, schedule: '@hourly', until: 2026-12-31, active: {hours: '08:00-12:00, 14:00-18:00'}}",
            "every hour at :00, only 08:00-12:00, 14:00-18:00, until 2026-12-31",
        ),
    ],
)
def test_in_a_task_file(tmp_path: Path, text: str, words: str) -> None:
    """As people write them."""
    home = make_home(tmp_path)
    write_task(home, "x", f"prompt: a\ntrigger: {text}\n")
    assert triggers.words(taskfile.load(home, "x", {}).triggers) == words


def test_the_end_of_time() -> None:
    """Nothing overflows where the calendar ends."""
    one = schedule(trigger("interval", every=366 * 86400.0, anchor="2026-01-01T08:00"), timezone.utc)
    end = datetime(9997, 1, 1, tzinfo=timezone.utc).timestamp()
    assert len(list(slots(one, end))) <= 3
    late = trigger("cron", schedule="0 0 L * 5L", until="9999-12-31")
    assert len(list(slots(schedule(late, timezone.utc), end))) > 20
