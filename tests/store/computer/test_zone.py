"""Time zones: named ones, the system's own, and what is said about wrong names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.store.computer import zone
from tests.house import CHECKOUT

JULY = datetime(2027, 7, 1, 12)  # noqa: DTZ001
AUTUMN = 1_792_884_600.0  # 2026-10-24 23:30 UTC, an hour and a half before clocks go back in Europe


def offset(name: str, tz: str = "") -> timedelta:
    found = JULY.replace(tzinfo=zone.load(name, {"TZ": tz} if tz else {})).utcoffset()
    assert found is not None
    return found


def test_a_named_zone() -> None:
    assert offset("Europe/Berlin") == timedelta(hours=2)
    assert offset("UTC") == offset("utc") == timedelta(0)


def test_the_zone_of_the_system() -> None:
    """TZ by name or by file, else /etc/localtime; always that which the C library would take."""
    assert offset("", "America/New_York") == offset("", ":America/New_York") == timedelta(hours=-4)
    assert offset("") == JULY.astimezone().utcoffset()
    assert offset("", "/usr/share/zoneinfo/Asia/Kolkata") == timedelta(hours=5, minutes=30)


RULES = [
    "UTC0",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "EST5EDT",
    "CET-1CEST",
    "<-03>3",
    "<+0530>-5:30",
    "JST-9",
    "EST+5",
    ":UTC0",
    "IST-1GMT0,M10.5.0,M3.5.0/1",
    "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "CET-1CEST,J60/2,J300",
    "CET-1CEST,60/2,300/3",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    "CET-1CEST-2,M3.5.0,M10.5.0/3",
]
NO_ZONES = ["junk", "Europe/Berln", ":junk", "A3", " UTC0", "/etc/passwd", "/gone"]


@pytest.mark.parametrize("text", [*RULES, *NO_ZONES, "", "Europe/Berlin", ":Europe/Berlin"])
def test_tz_as_the_c_library_reads_it(text: str) -> None:
    """By name, by file or as a rule; what is none of them is UTC there, and here."""
    read = zone.load("", {"TZ": text})
    moments = [1_800_000_000 + day * 86400 + 3600 * (day % 24) for day in range(0, 800, 3)]
    before = os.environ.get("TZ")
    os.environ["TZ"] = text
    time.tzset()
    try:
        theirs = [time.localtime(moment).tm_gmtoff for moment in moments]
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
    ours = [datetime.fromtimestamp(moment, read).utcoffset() for moment in moments]
    assert [found.total_seconds() if found else 0 for found in ours] == theirs
    assert zone.is_no_zone({"TZ": text}) == (text in NO_ZONES)


@pytest.mark.parametrize(
    "text", ["UTC-24", "UTC-25", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3junk", "CET-1\u00e4"]
)
def test_a_rule_that_cannot_be_reckoned_with(text: str) -> None:
    """It is UTC here, and the doctor says so."""
    assert zone.load("", {"TZ": text}) is timezone.utc
    assert zone.is_no_zone({"TZ": text})


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "../../etc/passwd", "/etc/localtime", "x" * 3000, "Europe", "a\0b"]
)
def test_a_wrong_name(name: str) -> None:
    """An error that a person can fix, whatever the name."""
    with pytest.raises(ClodputerError) as caught:
        zone.load(name, {})
    assert caught.value.code == "zone_unknown"
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PST", "America/Los_Angeles"),
        ("cest", "Europe/Berlin"),
        ("IST", "Asia/Kolkata"),
        ("AEDT", "Australia/Sydney"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("UTC+2", "Etc/GMT-2"),
        ("GMT-05:00", "Etc/GMT+5"),
        ("+1", "Etc/GMT-1"),
    ],
)
def test_what_was_meant(name: str, meant: str) -> None:
    """Abbreviations, places and offsets that people write for a zone."""
    assert zone.near(name) == f" (did you mean {meant!r}?)"
    assert zone.load(meant, {}) is not None


def test_a_system_without_a_database() -> None:
    """It says so, and what to install."""
    code = (
        "import sys\n"
        f"sys.path.insert(0, {CHECKOUT!r})\n"
        "import zoneinfo; zoneinfo.reset_tzpath(to=[])\n"
        "from clodputer.store.computer import zone\n"
        "try: zone.load('Europe/Berlin', {})\n"
        "except Exception as error: print(error.code, error.hint)\n"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("no_zones Install the system's tzdata package")


@pytest.mark.parametrize(
    ("here", "there", "shown"),
    [
        ("Europe/Berlin", "", "Sun 2026-10-25 01:30"),
        ("Europe/Berlin", "Europe/Berlin", "Sun 2026-10-25 01:30"),
        ("Europe/Berlin", "Europe/Paris", "Sun 2026-10-25 01:30"),
        ("Europe/Berlin", "Africa/Lagos", "Sun 2026-10-25 00:30 WAT"),
        ("America/New_York", "Europe/Berlin", "Sun 2026-10-25 01:30 CEST"),
    ],
)
def test_a_moment_on_the_wall(here: str, there: str, shown: str) -> None:
    """The zone is named where it is another one than that of the clock here."""
    assert on_the_wall(AUTUMN, here, there) == shown


def test_an_hour_that_a_clock_shows_twice() -> None:
    """By the clock here, or by that of a zone which agrees with ours just then."""
    for zones in (("Europe/Berlin", ""), ("Europe/Berlin", "Europe/Berlin")):
        assert on_the_wall(AUTUMN + 3600, *zones) == "Sun 2026-10-25 02:30 CEST"
        assert on_the_wall(AUTUMN + 7200, *zones) == "Sun 2026-10-25 02:30 CET"
        assert on_the_wall(AUTUMN + 10807, *zones) == "Sun 2026-10-25 03:30:07"
    assert on_the_wall(AUTUMN + 7200, "Africa/Lagos", "Europe/Berlin") == "Sun 2026-10-25 02:30 CET"


def on_the_wall(moment: float, here: str, there: str) -> str:
    """What is shown in a process whose own zone is `here`."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = here
    time.tzset()
    try:
        return zone.wall(moment, zone.load(there, {}) if there else None)
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
