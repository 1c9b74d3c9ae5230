"""A real `systemd --user` for tests, in namespaces of its own: started, stopped and gone with its tests."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.unit import Alarm, Change, Frame, Unit, changes
from clodputer.store import homes
from clodputer.store.home import Home
from tests import guard, lab_script
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.systemd_readback import faults
from tests.schedulers.systemd_verify import verified
from tests.wait import until

SCRIPT = Path(__file__).with_name("system") / "labs" / "systemd_user.sh"


class Lab:
    """One manager. folder: of its own, with a short path, since sockets lie in it. home: the person's home folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.home = f"{folder}/home"
        self.runtime = f"{folder}/run"
        self.units = f"{self.home}/.config/systemd/user"
        # systemctl and systemd-run: this machine's own, which XDG_RUNTIME_DIR tells where to find this manager.
        self.programs = f"{folder}/programs"
        self._process = lab_script.begin(str(SCRIPT), folder)

    def order(self, word: str, answer: str) -> None:
        """Have the manager started or stopped, and wait until it is."""
        assert lab_script.order(self._process, word, answer, "systemd") == answer

    def start(self) -> None:
        """As at a login."""
        self.order("start", "started")

    def stop(self) -> None:
        """As at the last logout."""
        self.order("stop", "stopped")

    def end(self) -> None:
        """The manager and all that it started are gone."""
        self._process.communicate(timeout=100)

    def systemctl(self, *arguments: str) -> str:
        """What a call of systemctl prints."""
        ended = subprocess.run(
            [guard.real("systemctl"), "--user", *arguments],
            env={**os.environ, "XDG_RUNTIME_DIR": self.runtime, "TZ": "UTC"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return ended.stdout

    def reached_by(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What this process starts speaks with this manager."""
        monkeypatch.setenv("PATH", f"{self.programs}:{os.environ['PATH']}")
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("XDG_RUNTIME_DIR", self.runtime)

    def empty(self) -> None:
        """Take away all units, for the next test."""
        for path in Path(self.units).glob("clodputer-*"):
            self.systemctl("stop", path.name)
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.units)
        self.systemctl("daemon-reload")
        self.systemctl("reset-failed")


@contextmanager
def running() -> Iterator[Lab]:
    """A lab with its manager started. Skips where there can be none, but fails on a build machine."""
    folder = tempfile.mkdtemp(prefix="sd-", dir="/tmp")
    lab = Lab(folder)
    try:
        lab.start()
        os.makedirs(lab.units, exist_ok=True)
        os.makedirs(lab.programs)
        for name in ("systemctl", "systemd-run"):
            os.symlink(guard.real(name), f"{lab.programs}/{name}")
        yield lab
    finally:
        lab.end()
        shutil.rmtree(folder, ignore_errors=True)


def make_frame(lab: Lab, name: str = ".clodputer") -> Frame:
    """An installation whose shim writes down its arguments, and then does what the file `then` says."""
    home = Home(f"{lab.home}/{name}")
    homes.make(home)
    shim = Path(home.root, "bin", "clodputer")
    shim.parent.mkdir()
    root = shlex.quote(home.root)
    shim.write_text(f'#!/bin/sh\necho "$@" >>{root}/calls\n[ -e {root}/then ] && . {root}/then\nexit 0\n')
    shim.chmod(0o755)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": lab.home,
        "CLODPUTER_HOME": home.root,
        "ODD": '50% "$HOME" $$ \\',
    }
    return Frame(home.root, lab.home, str(shim), environment, 900, "UTC")


def calls(frame: Frame) -> list[str]:
    """The arguments with which the shim was called, in order."""
    path = Path(frame.home, "calls")
    return path.read_text().splitlines() if path.exists() else []


def then(frame: Frame, script: str) -> None:
    """What the shim is to do from now on."""
    path = Path(frame.home, "then")
    path.with_suffix(".new").write_text(script)
    path.with_suffix(".new").rename(path)


def task(name: str, *triggers: Trigger, paths: tuple[str, ...] = ()) -> Alarm:
    return alarm_of(name, triggers, paths, 3600.0)


def moment(seconds: float) -> Trigger:
    """A trigger that is due so many seconds from now."""
    return Trigger("at", {"time": datetime.fromtimestamp(time.time() + seconds, timezone.utc).isoformat()})


def install(frame: Frame, *alarms: Alarm) -> list[Change]:
    """What `clodputer install` does, with the changes that were made."""
    units = [systemd.render(frame, alarm) for alarm in alarms]
    assert [fault for unit in units for fault in faults(frame, unit)] == []
    assert verified(frame, units) == []
    return put(frame, units)


def put(frame: Frame, units: list[Unit]) -> list[Change]:
    done: list[Change] = []
    assert systemd.apply(frame, changes(units, systemd.inspect(frame)), done.append) == []
    left = changes(units, systemd.inspect(frame))
    assert left == [], [
        (one.verb, one.name, one.found and (one.found.loaded, one.found.state, list(one.found.files)))
        for one in left
    ]
    return done


def ours(lab: Lab) -> list[str]:
    """All that is left of us: files, links, stamps, loaded units."""
    files = [str(path) for path in Path(lab.home).rglob("*clodputer-*")]
    return files + lab.systemctl("list-units", "--all", "--no-legend", "--plain", "clodputer-*").splitlines()


def until_state(lab: Lab, unit: str, state: str) -> None:
    """Wait until a unit is in a state."""
    until(lambda: f"ActiveState={state}" in lab.systemctl("show", unit), message=f"{unit} was never {state}")
