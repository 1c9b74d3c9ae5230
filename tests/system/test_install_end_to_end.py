"""install, status, doctor and uninstall with real schedulers: from the task file to the record, and back to nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from time import time
from typing import Any, Optional

import pytest

from clodputer.store import homes
from clodputer.store.home import Home
from tests import guard, systemd_lab
from tests.fakes.start import install_fake_claude
from tests.system import crond
from tests.system.crond import Crond
from tests.systemd_lab import Lab, ours
from tests.wait import PATIENCE, until
from tests.workshop import ROOT, command_task, drop, events, outcomes, program, write_task

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("second-systemd"),
]

PERSONS = b'# mine\nMAILTO=""\n17 3 * * 6 echo 100\\% | cat >/dev/null\n\n# last\n'
# Cron starts what is due one second into the minute; an exec takes its time on a busy machine.
TICK = 61 + PATIENCE
NIGHTLY = "trigger: {type: cron, schedule: '30 2 * * *'}\n"
SWEEPS = "clodputer-*sweep.service"
MUTATING = {"start", "stop", "restart", "enable", "disable", "daemon-reload", "reset-failed", "link", "kill"}


class World:
    """A person with both schedulers: a systemd, a cron, and a terminal. asked: what systemctl was asked."""

    def __init__(self, lab: Lab, cron: Crond) -> None:
        self.lab = lab
        self.cron = cron
        self.asked = Path(lab.folder, "asked")
        script = f'echo "$*" >>{self.asked}\nexec {lab.programs}/systemctl "$@"'
        recorder = program(Path(lab.folder, "recorder"), "systemctl", script)
        own = f"{recorder.parent}:{lab.programs}:{cron.programs}"
        self.environ = {
            "PATH": f"{own}:{guard.refusing_first('/usr/local/bin:/usr/bin:/bin')}",
            "HOME": lab.home,
            "XDG_RUNTIME_DIR": lab.runtime,
            "PYTHONPATH": str(ROOT),
        }

    def home(self, name: str) -> Home:
        """A fresh home of the person's."""
        home = Home(f"{self.lab.home}/{name}")
        homes.make(home)
        return home

    def call(self, home: Home, *arguments: str, status: int = 0) -> dict[str, Any]:
        """A command as a person types it, with --json; its data."""
        ended = subprocess.run(
            [sys.executable, "-m", "clodputer", *arguments, "--json"],
            env={**self.environ, "CLODPUTER_HOME": home.root},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (ended.returncode, ended.stderr) == (status, ""), ended.stdout + ended.stderr
        data: dict[str, Any] = json.loads(ended.stdout)["data"]
        return data

    def rings(self, home: Home) -> dict[str, list[str]]:
        """What `status --schedulers` tells: the alarms of each scheduler that has any. All must be as the tasks want it."""
        found = self.call(home, "status", "--schedulers")
        assert found["drifted"] is False, found
        views = [view for view in found["schedulers"] if view["installed"]]
        assert [one for view in views for unit in view["units"] for one in [unit["failed"]] if one] == []
        return {view["name"]: sorted(one["task"] or one["kind"] for one in view["units"]) for view in views}

    def mutating(self) -> list[str]:
        """What was called since the last time that changes what rings: verbs of systemctl, writings of the crontab."""
        of_systemd, of_cron = (taken(path) for path in (self.asked, self.cron.folder / "asked"))
        return [line for line in of_systemd if MUTATING & set(line.split())] + [
            line for line in of_cron if line != "-l"
        ]

    def crontab(self) -> Optional[bytes]:
        """The person's crontab, byte by byte."""
        ended = subprocess.run([f"{self.cron.programs}/crontab", "-l"], capture_output=True)
        return ended.stdout if ended.returncode == 0 else None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    crond.require()
    with systemd_lab.running() as lab, running(tmp_path_factory.mktemp("cron") / "lab") as cron:
        made = World(lab, cron)
        table = Path(lab.folder, "table")
        table.write_bytes(PERSONS)
        subprocess.run([f"{cron.programs}/crontab", table], check=True)
        install_fake_claude(Path(lab.home, ".local", "bin"))
        yield made


def taken(path: Path) -> list[str]:
    """The lines of a file, which is then removed."""
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


@contextmanager
def running(folder: Path) -> Iterator[Crond]:
    cron = Crond(folder)
    try:
        yield cron
    finally:
        cron.end()


@pytest.fixture(scope="module", autouse=True)
def by_cron(world: World) -> Home:
    """A home that cron rings for. Its minute passes while the other tests run."""
    home = world.home("by-cron")
    command_task(home, "minutely", "true", more="trigger: {type: cron, schedule: '* * * * *'}\n")
    command_task(
        home, "watcher", "true", more=f"trigger: {{type: file_watch, path: '{world.lab.home}/letters'}}\n"
    )
    command_task(home, "dropped", "true")
    os.mkdir(f"{world.lab.home}/letters")
    done = world.call(home, "install", "--scheduler", "cron")
    assert {change["verb"] for change in done["changes"]} == {"add"}
    drop(home, "dropped")
    world.cron.start()
    return home


def at(seconds: float) -> str:
    """A trigger that is due so many seconds from now."""
    return f"trigger: {{type: at, time: '{datetime.fromtimestamp(time() + seconds, timezone.utc).isoformat()}'}}\n"


def test_from_the_task_to_the_record_and_back(world: World) -> None:
    """systemd: what is due, dropped and watched is run; installing again disturbs nothing; in the end nothing is left."""
    home = world.home(".clodputer")
    go, inbox = Path(home.root, "tasks", "go"), Path(world.lab.home, "inbox")
    inbox.mkdir()
    command_task(home, "dropped", "true")
    command_task(home, "nightly", "true", more=NIGHTLY)
    command_task(home, "watcher", "true", more=f"trigger: {{type: file_watch, path: '{inbox}'}}\n")
    waits = f"until [ -e {go} ]; do sleep 0.05; done"
    command_task(home, "long", "sh", "-c", waits, more=f"lane: slow\n{at(30)}")
    drop(home, "dropped")

    done = world.call(home, "install")
    assert done["scheduler"] == "systemd"
    assert [change["verb"] for change in done["changes"]] == ["add"] * 5
    until(lambda: outcomes(home, "dropped") == ["succeeded"])
    until(lambda: events(home, "watch_started"))
    (inbox / "report.txt").write_text("one\n")
    until(lambda: list(Path(home.runs, "long").glob("*/process.json")), message="the moment did not ring")
    until(lambda: outcomes(home, "watcher") == ["succeeded"], message="the watched file was not seen")
    assert world.rings(home) == {"systemd": ["long", "nightly", "spool", "sweep", "watcher"]}

    assert world.mutating() != []
    assert world.call(home, "install")["changes"] == []
    assert world.mutating() == []

    # A changed task while its run is going; and a broken one beside it.
    command_task(home, "long", "sh", "-c", waits, more=f"lane: slow\n{NIGHTLY}")
    write_task(home, "broken", "agent: nobody\n")
    done = world.call(home, "install", status=1)
    assert [(change["verb"], change["task"]) for change in done["changes"]] == [("replace", "long")]
    assert done["broken"] == ["broken"]
    assert outcomes(home, "long") == []
    go.touch()
    until(lambda: outcomes(home, "long") == ["succeeded"])
    go.unlink()
    os.unlink(f"{home.tasks}/broken.yaml")

    found = world.call(home, "doctor", "--canary")["findings"]
    assert [one["message"] for one in found if one["level"] == "problem"] == []
    assert any(one["check"] == "canary" and one["level"] == "ok" for one in found)
    assert world.rings(home) == {"systemd": ["long", "nightly", "spool", "sweep", "watcher"]}

    # A task that was renamed since is found by its mark.
    os.rename(f"{home.tasks}/nightly.yaml", f"{home.tasks}/daily.yaml")
    assert len(world.call(home, "uninstall")["changes"]) == 5
    assert ours(world.lab) == []
    assert not os.path.exists(f"{home.root}/bin")
    assert world.call(home, "uninstall")["changes"] == []


def test_a_moment_that_passes_during_the_installation(world: World) -> None:
    """No alarm can be set for it any more, and the next sweep is far."""
    home = world.home("passing")
    world.call(home, "install", "--scheduler", "systemd")
    # The sweep of a first installation is over.
    over = re.compile("^InactiveEnterTimestampMonotonic=[1-9]", re.MULTILINE)
    until(lambda: over.search(world.lab.systemctl("show", "--all", SWEEPS)))
    command_task(home, "passed", "true", more=at(1))
    passed = time() + 1
    until(lambda: time() > passed)
    world.call(home, "install", "--scheduler", "systemd")
    until(lambda: outcomes(home, "passed") == ["succeeded"])
    world.call(home, "uninstall")


def test_homes_that_were_deleted(world: World) -> None:
    """Its own is found by its marks; those of others with --everywhere, and they do not come back."""
    gone, other, kept = (world.home(name) for name in ("gone", "other", "kept"))
    for home in (gone, other, kept):
        command_task(home, "nightly", "true", more=NIGHTLY)
        world.call(home, "install", "--scheduler", "systemd")
    shutil.rmtree(gone.root)
    shutil.rmtree(other.root)
    assert world.call(gone, "uninstall")["lost_homes"] == [other.root]
    assert not [path for path in ours(world.lab) if "gone" in path]
    assert len(world.call(kept, "uninstall", "--everywhere")["changes"]) == 6
    assert ours(world.lab) == []
    assert sorted(set(os.listdir(world.lab.home)) & {"gone", "other", "kept"}) == ["kept"]


def test_cron_and_the_change_to_systemd(world: World, by_cron: Home) -> None:
    """Cron has run what was due and dropped; then systemd has it all, and the crontab is what it was."""
    home = by_cron
    until(lambda: outcomes(home, "dropped") == ["succeeded"], TICK, "the drop was not run")
    until(lambda: "succeeded" in outcomes(home, "minutely"), TICK, "the schedule did not ring")
    assert world.rings(home) == {"cron": ["minutely", "spool", "sweep", "watcher"]}
    world.mutating()
    assert world.call(home, "install")["changes"] == []
    assert world.mutating() == []
    # Not done by itself: what was chosen once is kept.
    done = world.call(home, "install", "--scheduler", "systemd")
    assert done["left"] == {"cron": 4}
    assert world.crontab() == PERSONS
    assert world.rings(home) == {"systemd": ["minutely", "spool", "sweep", "watcher"]}
    assert world.call(home, "uninstall", "--purge", "--yes")["purged"] is True
    assert ours(world.lab) == []
    assert world.crontab() == PERSONS
    assert not os.path.exists(home.root)
