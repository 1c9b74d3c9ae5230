"""Ledgers set back in time, so that slot times are due now: for tests with real execs."""

from __future__ import annotations

import os
from pathlib import Path
from time import sleep, time

from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.spool.placename import parse_place
from clodputer.store.triggers import ledger
from tests.workshop import command_task, execute

HOUR, DAY = 3600.0, 86400.0


def cron_task(home: Home, name: str, schedule: str, *command: str, more: str = "", keys: str = "") -> None:
    """A task with a cron trigger in UTC, its program /bin/true if none is named."""
    trigger = f"trigger: {{type: cron, schedule: '{schedule}', timezone: UTC{keys}}}\n"
    command_task(home, name, *(command or ("/bin/true",)), more=more + trigger)
    settle(home, name)


def settle(home: Home, name: str) -> None:
    """Make a task file old enough to be remembered, as those of people are."""
    path = Path(home.tasks, f"{name}.yaml")
    old = time() - 60
    os.utime(path, (old, old))


def make_due(home: Home, lane: str = "default") -> int:
    """Let every delayed request of a lane be due, as if its time had come; how many there are."""
    folder = Path(home.lanes, lane, "delayed")
    names = sorted(os.listdir(folder))
    for name in names:
        place = parse_place(name)
        assert place is not None
        os.rename(folder / name, folder / str(place._replace(microseconds=1)))
    return len(names)


def set_back(home: Home, name: str, moment: float, index: int = 0) -> None:
    """Let the ledger know of nothing after a moment, as if no exec had been there since."""
    entry = ledger.read(home, name, index)
    assert entry is not None
    spans = tuple((begin, min(end, moment)) for begin, end in entry.spans if begin < moment)
    ledger.write(home, name, index, entry._replace(accounted=moment, spans=spans))
    forget_looks(home)


def forget_looks(home: Home) -> None:
    """Let the next exec look at all tasks, as it does when their time has come."""
    for path in Path(home.ledger, "next").glob("*"):
        path.unlink()


def begin(home: Home) -> None:
    """The first look at all tasks, which accounts for the past."""
    assert execute(home)["runs"] == []


def last_hour() -> int:
    """The latest full hour, which stays the latest while a test goes on: shortly before the next one, that is waited for."""
    left = HOUR - time() % HOUR
    if left < 30:
        sleep(left + 1)
    return int(time() // HOUR * HOUR)


def told(moment: float) -> str:
    """A slot time as records tell it."""
    return iso(moment)
