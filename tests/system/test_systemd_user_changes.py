"""Installing many units takes few calls, and being killed in the middle of it does no harm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.unit import SPOOL, SWEEP, Alarm, Frame
from tests.system.applying_systemd import killed_at
from tests.systemd_lab import Lab, install, ours, put, task
from tests.workshop import program

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


def test_killed_before_every_step(lab: Lab, frame: Frame) -> None:
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
    step, killed = 0, True
    while killed:
        step += 1
        put(frame, old)
        killed = killed_at(step, frame, new)
        put(frame, new)
        on_disk = {str(path): path.read_text() for path in Path(lab.units).glob("*clodputer-*")}
        assert on_disk == {path: text for unit in new for path, text in unit.files.items()}
        links = {path.name for path in Path(lab.units).glob("*.wants/*")}
        assert links == {os.path.basename(path) for path in on_disk if not path.endswith(".service")}
        loaded = lab.systemctl("list-units", "--all", "--no-legend", "--plain", "clodputer-*").splitlines()
        assert {line.split()[0] for line in loaded if ".service" not in line} == links
    assert step > 15


def test_killed_while_uninstalling(lab: Lab, frame: Frame) -> None:
    units = [
        systemd.render(frame, alarm) for alarm in (task("a", cron("* * * * *")), Alarm(SPOOL), Alarm(SWEEP))
    ]
    step, killed = 0, True
    while killed:
        step += 1
        put(frame, units)
        killed = killed_at(step, frame, [])
        put(frame, [])
        assert ours(lab) == []
    assert step > 10
