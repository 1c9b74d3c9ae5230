"""Killed at each call of launchctl, before it or after it: the next installation puts everything right."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers.unit import Unit
from tests.house import CHECKOUT
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_stage import NIGHTLY, Stage, make

OTHER = alarm_of("other", (Trigger("cron", {"schedule": "0 5 * * *"}),))
LATER = alarm_of("nightly", (Trigger("cron", {"schedule": "30 3 * * *"}),))


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """A step that adds, replaces and removes."""
    stage = make(tmp_path / "stage", monkeypatch)
    stage.set(drain=1)
    # The spool's and the sweep's are left out: what is done with them is the same.
    before, after = (
        stage.units(NIGHTLY)[:1] + stage.units(OTHER)[:1],
        stage.units(LATER)[:1] + stage.units()[:1],
    )
    assert stage.install(before)[1] == []
    stage.verbs()
    shutil.copytree(tmp_path / "stage", tmp_path / "kept")
    # Before every fourth call, and after every fourth one, which is nearly before the next: between these two lie two calls.
    call = -2 if when == "before" else -1
    while True:
        call += 4
        shutil.rmtree(tmp_path / "stage")
        shutil.copytree(tmp_path / "kept", tmp_path / "stage")
        stage.set(kill=[call, when])
        status = installing(stage, after)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert sorted(path.suffix for path in stage.agents.iterdir()) in (
            [".plist"],
            [".plist"] * 2,
            [".plist"] * 3,
        )
        stage.set(kill=None)
        assert stage.install(after)[1] == [], call
        stage.settled(after)
        assert not stage.get("torn_down")
    # As many calls as it takes: fewer would mean that nothing was killed.
    assert call > 15


def installing(stage: Stage, units: list[Unit]) -> int:
    """How an installation ended."""
    told = json.dumps({"frame": stage.frame, "units": units})
    environment = {**os.environ, "PYTHONPATH": CHECKOUT}
    command = [sys.executable, "-m", "tests.schedulers.launchd_killed", told]
    return subprocess.run(command, env=environment, cwd=CHECKOUT).returncode
