"""Installing many units takes few calls, and being killed in the middle of it does no harm."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.unit import SPOOL, SWEEP, Alarm, Frame
from tests.systemd_lab import Lab, install, ours, put, task
from tests.workshop import ROOT, program

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("systemd"),
]

MUTATING = ("daemon-reload", "restart", "start", "stop", "enable", "disable", "reset-failed")


def cron(schedule: str) -> Trigger:
    return Trigger("cron", {"schedule": schedule, "timezone": "Europe/Berlin"})


def test_two_hundred_units(lab: Lab, frame: Frame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handful of calls installs and removes them; when all is as it should be, nothing is called that changes anything."""
    log = tmp_path / "calls"
    script = f'echo "$2 $3" >>{log}\nexec {shutil.which("systemctl")} "$@"'
    recorder = program(tmp_path / "bin", "systemctl", script)
    monkeypatch.setenv("PATH", f"{recorder.parent}:{os.environ['PATH']}")
    alarms = [task(f"task-{number}", cron(f"{number % 60} 2 * * *")) for number in range(200)]

    def mutating() -> list[str]:
        words = [line.split()[1] for line in log.read_text().splitlines()]
        log.unlink()
        return [word for word in words if word in MUTATING]

    assert len(install(frame, *alarms)) == 200
    assert mutating() == ["daemon-reload", "restart"]
    assert install(frame, *alarms) == []
    assert mutating() == []
    assert len(put(frame, [])) == 200
    assert mutating() == ["stop", "reset-failed", "daemon-reload"]
    assert ours(lab) == []


def test_killed_before_every_step(lab: Lab, frame: Frame, tmp_path: Path) -> None:
    """One unit stays, one is changed, one loses its path unit, one goes, one comes; the next call always puts it right."""
    watch = Trigger("file_watch", {"path": lab.home})
    kept, gone, come = task("kept", cron("1 1 * * *")), task("gone", cron("2 2 * * *")), Alarm(SPOOL)
    before = [
        kept,
        gone,
        task("changed", cron("3 3 * * *")),
        task("both", cron("4 4 * * *"), watch, paths=(lab.home,)),
    ]
    after = [kept, come, task("changed", cron("3 5 * * *")), task("both", cron("4 4 * * *"))]
    old, new = ([systemd.render(frame, alarm) for alarm in alarms] for alarms in (before, after))
    job = tmp_path / "job"
    job.write_bytes(pickle.dumps((frame, new)))

    def killed_at(step: int) -> subprocess.CompletedProcess[str]:
        put(frame, old)
        return subprocess.run(
            [sys.executable, str(Path(__file__).with_name("applying_systemd.py")), str(job), str(step)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )

    ended = killed_at(0)
    steps = int(ended.stdout)
    assert steps > 15, ended.stderr
    for step in range(1, steps + 1):
        assert killed_at(step).returncode == -9
        put(frame, new)
        on_disk = {str(path): path.read_text() for path in Path(lab.units).glob("*clodputer-*")}
        assert on_disk == {path: text for unit in new for path, text in unit.files.items()}
        links = {path.name for path in Path(lab.units).glob("*.wants/*")}
        assert links == {os.path.basename(path) for path in on_disk if not path.endswith(".service")}
        loaded = lab.systemctl("list-units", "--all", "--no-legend", "--plain", "clodputer-*").splitlines()
        assert {line.split()[0] for line in loaded if ".service" not in line} == links


def test_killed_while_uninstalling(lab: Lab, frame: Frame, tmp_path: Path) -> None:
    units = [
        systemd.render(frame, alarm) for alarm in (task("a", cron("* * * * *")), Alarm(SPOOL), Alarm(SWEEP))
    ]
    job = tmp_path / "job"
    job.write_bytes(pickle.dumps((frame, [])))
    step, returned = 0, -9
    while returned == -9:
        step += 1
        put(frame, units)
        returned = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("applying_systemd.py")), str(job), str(step)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).returncode
        put(frame, [])
        assert ours(lab) == []
    assert step > 10
