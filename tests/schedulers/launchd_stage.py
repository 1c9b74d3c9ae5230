"""A stage for launchd: a person's folders, a home, and the fake launchctl first on PATH."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.unit import (
    SPOOL,
    SWEEP,
    Alarm,
    Change,
    Frame,
    SchedulerProblem,
    Unit,
    changes,
)
from clodputer.store import homes
from clodputer.store.home import Home
from tests import guard
from tests.fakes import fake_launchctl
from tests.house import CHECKOUT
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_readback import faults

FAKES = f"{CHECKOUT}/tests/fakes"
NIGHTLY = alarm_of("nightly", (Trigger("cron", {"schedule": "30 2 * * *"}),))
SHIM = f"""#!/bin/sh
PYTHONPATH={CHECKOUT} exec {sys.executable} -m clodputer "$@"
"""


class Stage:
    """One person's launchd. seconds: how patient we are with it."""

    def __init__(self, folder: Path, seconds: float = 20.0) -> None:
        self.account = folder / "account"
        self.home = Home(str(self.account / ".clodputer"))
        self.launchd = folder / "launchd"
        self.launchd.mkdir(parents=True)
        homes.make(self.home)
        shim = Path(self.home.root, "bin", "clodputer")
        shim.parent.mkdir()
        shim.write_text(SHIM)
        shim.chmod(0o755)
        environment = {
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
            "HOME": str(self.account),
            "LANG": "en_US.UTF-8",
            "SHELL": "/bin/zsh",
            "CLODPUTER_HOME": self.home.root,
        }
        self.frame = Frame(
            self.home.root,
            str(self.account),
            str(shim),
            environment,
            300,
            "",
            seconds,
        )

    @property
    def agents(self) -> Path:
        """Where the plists go."""
        return self.account / "Library" / "LaunchAgents"

    def set(self, **values: Any) -> None:
        """Change what the fake launchd is."""
        with fake_launchctl.state() as now:
            now.update(values)

    def get(self, name: str) -> Any:
        """What the fake launchd has now."""
        with fake_launchctl.state() as now:
            return now[name]

    def verbs(self) -> list[str]:
        """The first word of each call of launchctl so far; they are then forgotten."""
        with fake_launchctl.state() as now:
            calls, now["calls"] = now["calls"], []
        return [words[0] for words in calls]

    def units(self, *alarms: Alarm) -> list[Unit]:
        """These alarms rendered, with those of the spool and the sweep; sound ones."""
        units = [launchd.render(self.frame, alarm) for alarm in (*alarms, Alarm(SPOOL), Alarm(SWEEP))]
        assert [fault for unit in units for fault in faults(self.frame, unit)] == []
        return units

    def install(self, units: Sequence[Unit]) -> tuple[list[str], list[SchedulerProblem]]:
        """Make these the installed ones: what was changed, as `verb name`, and the problems."""
        steps = changes(list(units), launchd.inspect(self.frame))
        done: list[Change] = []
        problems = launchd.apply(self.frame, steps, done.append)
        return [f"{change.verb} {change.name[len('org.clodputer.') :]}" for change in done], problems

    def settled(self, units: Sequence[Unit]) -> None:
        """Assert that exactly these are there, loaded as they are on disk."""
        assert changes(list(units), launchd.inspect(self.frame)) == []
        assert sorted(self.get("jobs")) == sorted(unit.name for unit in units)
        assert sorted(path.name for path in self.agents.iterdir()) == sorted(
            f"{unit.name}.plist" for unit in units
        )


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float = 20.0) -> Stage:
    """A stage, with the fake on PATH for this test."""
    stage = Stage(folder, seconds)
    monkeypatch.setenv("PATH", f"{FAKES}:{guard.REFUSING}:{os.path.dirname(sys.executable)}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_LAUNCHD", str(stage.launchd))
    for name in ("XPC_SERVICE_NAME", "SUDO_UID"):
        monkeypatch.delenv(name, raising=False)
    return stage
