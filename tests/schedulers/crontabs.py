"""Frames, alarms and a crontab of the tests' own, kept by tests/fakes/crontab."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import cron
from clodputer.schedulers.unit import SPOOL, SWEEP, Alarm, Change, Frame, Unit, changes
from tests.schedulers.alarms import alarm as alarm_of
from tests.workshop import program

FAKES = Path(__file__).resolve().parent.parent / "fakes"


class Crontab:
    """The person's table, looked at and written behind everybody's back."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        folder.mkdir()
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "crontab").symlink_to(FAKES / "crontab")
        monkeypatch.setenv("FAKE_CRONTAB", str(folder))
        monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")

    def kind(self, name: str) -> None:
        """Behave as this crontab from now on."""
        self._monkeypatch.setenv("FAKE_CRONTAB_KIND", name)

    def hook(self, script: str) -> None:
        """Run these shell lines before each answer; `$1` is what is asked, `$asker` the process that asks."""
        program(self.folder, "hook", script)

    @property
    def content(self) -> Optional[bytes]:
        """What is in the table; None when there is none."""
        path = self.folder / "table"
        return path.read_bytes() if path.exists() else None

    @content.setter
    def content(self, table: Optional[bytes]) -> None:
        path = self.folder / "table"
        if table is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(table)

    def writes(self) -> int:
        """How often it was asked to change."""
        calls = self.folder / "calls"
        return sum(line != "-l" for line in calls.read_text().splitlines()) if calls.exists() else 0


def frame(folder: Path, name: str = ".clodputer", zone: str = "Europe/Berlin") -> Frame:
    """The frame of a home below the account's folder `folder`."""
    home = folder / name
    home.mkdir(exist_ok=True)
    return Frame(
        str(home),
        str(folder),
        f"{home}/bin/clodputer",
        {},
        300,
        zone,
        10.0,
    )


def every(schedule: str, **options: str) -> Trigger:
    """A cron trigger."""
    return Trigger("cron", {"schedule": schedule, **options})


def units(place: Frame, **tasks: str) -> list[Unit]:
    """The units of tasks with these schedules, of the spool and of the sweep."""
    alarms = [alarm_of(name, (every(schedule),)) for name, schedule in tasks.items()]
    return [cron.render(place, alarm) for alarm in (*alarms, Alarm(SPOOL), Alarm(SWEEP))]


def install(place: Frame, wanted: Sequence[Unit]) -> list[Change]:
    """Make the crontab hold these units, without any trouble; what was told."""
    told: list[Change] = []
    assert cron.apply(place, changes(list(wanted), cron.inspect(place)), told.append) == []
    assert changes(list(wanted), cron.inspect(place)) == []
    return told
