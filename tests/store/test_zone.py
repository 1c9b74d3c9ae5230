"""Time zones: named ones, the system's own, and what is said about wrong names."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.store import zone
from tests.house import CHECKOUT

JULY = datetime(2027, 7, 1, 12)  # noqa: DTZ001


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
    """An error that a person can mend, whatever the name."""
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
