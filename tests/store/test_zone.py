"""Time zones: named ones, the system's own, and what is said about wrong names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.store import zone
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


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "../../etc/passwd", "/etc/localtime", "x" * 3000, "Europe", "a\0b"]
)
def test_a_wrong_name(name: str) -> None:
    """An error that a person can fix, whatever the name."""
    with pytest.raises(ClodputerError) as caught:
        zone.load(name, {})
    assert caught.value.code == "zone_unknown"
    assert len(caught.value.message) < 200


def test_a_system_without_a_database() -> None:
    """It says so, and what to install."""
    code = (
        "import sys\n"
        f"sys.path.insert(0, {CHECKOUT!r})\n"
        "import zoneinfo; zoneinfo.reset_tzpath(to=[])\n"
        "from clodputer.store import zone\n"
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
