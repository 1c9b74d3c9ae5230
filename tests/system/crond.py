"""A real Debian cron of a test's own: no crontab of this machine is read or changed; several may run side by side."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from glob import glob
from pathlib import Path
from time import time

import psutil
import pytest

from clodputer.schedulers.unit import Frame
from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import ROOT

LAB = Path(__file__).parent / "labs" / "crond.sh"


class Crond:
    """Private namespaces with a crontab of their own, and the daemon in them, which may be stopped and started.

    clock: by how many seconds its clock, and that of what the shim starts, is ahead of the real one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = 0.0
        self.zone = "UTC"
        folder.mkdir()
        ready = folder / "ready"
        self._keeper = subprocess.Popen(
            [
                *_as_root(),
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                LAB,
                ready,
            ],
            stdin=subprocess.PIPE,
        )
        until(lambda: ready.exists() or self._keeper.poll() is not None)
        assert self._keeper.poll() is None, "the namespaces could not be made"
        inside = next(
            one for one in psutil.Process(self._keeper.pid).children(recursive=True) if LAB.name in one.name()
        )
        self._enter = [*_as_root(), "nsenter", "--target", str(inside.pid), "--mount", "--pid"]
        self._daemon: subprocess.Popen[bytes] | None = None
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        as_me = f"--setuid {os.getuid()} --setgid {os.getgid()}" if os.getuid() else ""
        enter = " ".join(self._enter)
        _script(
            bin_folder / "crontab",
            # nsenter leaves the working folder, in which crontab looks for a file.
            f'#!/bin/sh\necho "$*" >>{folder}/asked\nexec {enter} {as_me} /bin/sh -c '
            """'cd "$0" && exec /usr/bin/crontab "$@"' "$PWD" "$@"\n""",
        )

    @property
    def programs(self) -> str:
        """The folder whose `crontab` is that of the namespaces."""
        return str(self.folder / "bin")

    def start(self, moment: datetime | None = None) -> None:
        """Start the daemon, at this moment of its clock, which has the zone of the system."""
        assert self._daemon is None
        # The daemon sees what changes in whole seconds: whatever was written before is older than its first look.
        second = int(time())
        until(lambda: int(time()) > second + 1)
        fake = []
        if moment is not None:
            self.clock = moment.timestamp() - time()
            self.zone = str(moment.tzinfo)
            fake = ["env", *(f"{name}={value}" for name, value in self.faked().items())]
        self._daemon = subprocess.Popen(
            [*self._enter, *fake, "/usr/sbin/cron", "-f"], stdin=subprocess.DEVNULL
        )

    def stop(self) -> None:
        """Stop the daemon, and wait for its end."""
        if self._daemon is None:
            return
        started = psutil.Process(self._daemon.pid)
        # Down to the daemon itself; what it forks for its jobs is left to come to its end.
        while started.name() != "cron":
            (started,) = until(started.children)
        subprocess.run([*_as_root(), "kill", str(started.pid)], check=True)
        self._daemon.wait(100)
        self._daemon = None

    def end(self) -> None:
        """End all of it."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(100)
        if self._daemon is not None:
            self._daemon.wait(100)

    def faked(self) -> dict[str, str]:
        """The environment that gives a process the clock of the daemon."""
        (library,) = glob("/usr/lib/*/faketime/libfaketime.so.1")
        return {
            "LD_PRELOAD": library,
            "FAKETIME": f"{self.clock:+.3f}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": self.zone,
        }

    def now(self) -> float:
        """What the daemon's clock shows."""
        return time() + self.clock

    def shim(self, home: Home) -> str:
        """The shim of a home: an exec with the environment that it needs, and the daemon's clock."""
        path = Path(home.root, "bin", "clodputer")
        path.parent.mkdir(exist_ok=True)
        environment = {"HOME": os.environ["HOME"], "CLODPUTER_HOME": home.root, "PATH": "/usr/bin:/bin"}
        if self.clock:
            environment.update(self.faked())
        _script(
            path,
            f"#!{sys.executable}\nimport os, sys\n"
            f"if os.environ.get('CLODPUTER_HOME') is None:\n"
            f"    print(*sys.argv[1:], file=open({str(self.folder / 'calls')!r}, 'a'))\n"
            f"    os.execve({sys.executable!r}, [{sys.executable!r}, *sys.argv], {environment!r})\n"
            f"sys.path.insert(0, {str(ROOT)!r})\n"
            "from clodputer.__main__ import main\n"
            "sys.exit(main(sys.argv[1:]))\n",
        )
        return str(path)

    def calls(self) -> list[str]:
        """With which arguments the shim was started by cron, in order."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def frame(self, home: Home) -> Frame:
        """The frame of an installation for this cron."""
        return Frame(home.root, os.environ["HOME"], self.shim(home), {}, 900, self.zone)


@contextmanager
def crond(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crond]:
    """Private namespaces for a cron, whose `crontab` is the one on PATH; skips where they cannot be had."""
    require()
    lab = Crond(folder)
    monkeypatch.setenv("PATH", f"{lab.programs}:{os.environ['PATH']}")
    try:
        yield lab
    finally:
        lab.end()


def require() -> None:
    """Skip where there is no cron to start, or no right to; on a build machine that is a failure."""
    missing = [name for name in ("unshare", "nsenter", "crontab") if shutil.which(name) is None]
    missing += [] if os.path.exists("/usr/sbin/cron") else ["cron"]
    missing += [] if glob("/usr/lib/*/faketime/libfaketime.so.1") else ["faketime"]
    reason = f"the real cron needs {', '.join(missing)}" if missing else ""
    if not reason and os.getuid() != 0 and not _as_root():
        reason = "the real cron needs root"
    if reason and os.environ.get("CI") == "true" and sys.platform == "linux":
        pytest.fail(reason)
    if not reason:
        # Not on every build machine either: a container may not let its own root make namespaces.
        tried = subprocess.run(
            [*_as_root(), "unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"],
            capture_output=True,
        )
        reason = "" if tried.returncode == 0 else "the real cron needs namespaces, which are not allowed here"
    if reason:
        pytest.skip(reason)


def _as_root() -> list[str]:
    if os.getuid() == 0:
        return []
    sudo = shutil.which("sudo")
    allowed = sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0
    return [sudo, "-n"] if sudo and allowed else []


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
