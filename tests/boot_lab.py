"""A computer for tests, with a real systemd as its first process: switched on and off, with a person who logs in and out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clodputer.store import homes
from clodputer.store.home import Home
from tests import lab_script
from tests.wait import until
from tests.workshop import ROOT, drop, everything, records

SCRIPT = Path(__file__).with_name("system") / "labs" / "systemd_boot.sh"
# An account that this machine does not have: it exists on the computer alone.
PERSON, NUMBER = "person", 47011
RUNTIME = f"/run/user/{NUMBER}"
PATH = "/usr/local/bin:/usr/bin:/bin"
# An orderly end gives each service its time; in seconds.
PATIENCE = 100.0


class Computer:
    """folder: its disk, with a short path. home: the person's home folder, which outlasts switching off."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.home = f"{folder}/home"
        self.clodputer_home = Home(f"{self.home}/.clodputer")
        self.logins = 0
        self._first = ""
        places = dict.fromkeys(map(os.path.realpath, (folder, str(ROOT), sys.base_prefix, sys.prefix)))
        self._process = lab_script.begin(
            str(SCRIPT), folder, PERSON, str(NUMBER), *places, "--", *_bars(places)
        )

    def _order(self, word: str) -> str:
        return lab_script.order(self._process, word, word.replace("cut", "off"), "computer")

    def on(self) -> None:
        """Switch it on; it has booted afterwards."""
        self._first = self._order("on")

    def off(self) -> None:
        """Shut it down in order, as its power button does."""
        self._order("off")

    def cut(self) -> None:
        """Its power fails."""
        self._order("cut")

    def end(self) -> None:
        """The computer and all that runs on it are gone."""
        self._process.communicate(timeout=100)

    def root(self, *argv: str, environ: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        """Something that its administrator does."""
        enter = [f"--{name}" for name in ("mount", "pid", "uts", "ipc", "net", "cgroup")]
        return subprocess.run(
            ["nsenter", "--target", self._first, *enter, "--", *argv],
            env={"PATH": f"/usr/sbin:/sbin:{PATH}", **environ},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def person(self, *argv: str, environ: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        """Something that the person does, in a shell of which only this is known: an account, a home, PATH, and `environ`."""
        told = {"HOME": self.home, "USER": PERSON, "LOGNAME": PERSON, "SHELL": "/bin/sh", "PATH": PATH}
        become = ["setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups"]
        return self.root(*become, "--", *argv, environ={**told, **environ})

    def clodputer(self, *arguments: str, environ: Mapping[str, str] = {}, status: int = 0) -> dict[str, Any]:
        """A command of ours as the person types it, with --json: its envelope."""
        ended = self.person(*command(*arguments, "--json"), environ={"PYTHONPATH": str(ROOT), **environ})
        assert (ended.returncode, ended.stderr) == (status, ""), ended.stdout + ended.stderr
        envelope: dict[str, Any] = json.loads(ended.stdout)
        return envelope

    def linger(self, allowed: bool = True) -> None:
        """What `loginctl enable-linger`, or its opposite, does; the person's manager is there, or gone, afterwards."""
        ended = self.root("loginctl", "enable-linger" if allowed else "disable-linger", PERSON)
        assert ended.returncode == 0, ended.stderr
        if allowed:
            self.await_manager()

    def login(self, *argv: str) -> str:
        """A session of the person's, as ssh makes one, in which something may be done; by its name it is ended.

        Their manager is there afterwards.
        """
        self.logins += 1
        name = f"login-{self.logins}"
        ended = self.root(
            "systemd-run",
            "--quiet",
            f"--unit={name}",
            f"--uid={PERSON}",
            "--property=PAMName=login",
            "--setenv=XDG_SESSION_TYPE=tty",
            "--setenv=XDG_SESSION_CLASS=user",
            *(argv or ("sleep", "infinity")),
        )
        assert ended.returncode == 0, ended.stderr
        self.await_manager()
        return name

    def logout(self, login: str) -> None:
        """The end of a session; if it was the last one, and there is no linger, the person's manager is gone afterwards."""
        self.root("systemctl", "stop", f"{login}.service")

    def await_manager(self) -> None:
        until(lambda: self.manager() in ("running", "degraded"), PATIENCE, "the person's manager never came")

    def await_no_manager(self) -> None:
        """The person's manager, and all that it has started, are gone."""
        stopped = ("inactive", "failed")
        unit = f"user@{NUMBER}.service"
        until(
            lambda: self.root("systemctl", "is-active", unit).stdout.strip() in stopped and not self.bus(),
            PATIENCE,
            "the person's manager never went",
        )

    def manager(self) -> str:
        """In which state the person's manager is, "" when it does not answer."""
        return self.systemctl("is-system-running").strip()

    def systemctl(self, *arguments: str) -> str:
        """What a call of systemctl by the person prints."""
        return self.person(
            "systemctl", "--user", *arguments, environ={"XDG_RUNTIME_DIR": RUNTIME, "TZ": "UTC"}
        ).stdout

    def bus(self) -> bool:
        """Whether there is somewhere to reach the person's manager."""
        return self.root("test", "-e", f"{RUNTIME}/bus").returncode == 0

    def make(self) -> Home:
        """A fresh home of Clodputer's; what this process makes in it belongs to the person after `belongs`."""
        homes.make(self.clodputer_home)
        self.belongs()
        return self.clodputer_home

    def belongs(self) -> None:
        """Everything in the person's home is theirs."""
        for folder, _, names in os.walk(self.home):
            for path in (folder, *(f"{folder}/{name}" for name in names)):
                os.chown(path, NUMBER, NUMBER, follow_symlinks=False)

    def outcomes(self, task: str) -> list[str]:
        """How the runs of a task ended, oldest first."""
        return [record["outcome"] for record in records(self.clodputer_home, task)]

    def drop(self, name: str) -> None:
        """A request of the person's."""
        drop(self.clodputer_home, name)
        self.belongs()

    def findings(self, level: str, status: int = 0) -> dict[str, dict[str, Any]]:
        """What `doctor` finds of that level, by check."""
        found = self.clodputer("doctor", status=status)["data"]["findings"]
        return {one["check"]: one for one in found if one["level"] == level}

    def at_work(self) -> bool:
        """Whether an exec that an alarm has started is at work."""
        units = "--no-legend", "--plain", "--state=active,activating", "clodputer-*.service"
        return bool(self.systemctl("list-units", *units).strip())

    def at_rest(self) -> bool:
        """Whether no request is anywhere in the spool, and no exec is at work."""
        return not everything(self.clodputer_home) and not self.at_work()


def command(*arguments: str) -> list[str]:
    """The argument list of a command of ours."""
    return [sys.executable, "-m", "clodputer", *arguments]


def _bars(places: Mapping[str, object]) -> list[str]:
    """The outermost folders around these that not everybody may enter, but for those that are cleared anyhow."""
    found = []
    for place in places:
        context = [str(one) for one in reversed(Path(place).parents)]
        barred = [one for one in context if not os.stat(one).st_mode & 0o001]
        found += barred[:1]
    return [one for one in dict.fromkeys(found) if not one.startswith("/tmp")]


@contextmanager
def running() -> Iterator[Computer]:
    """A computer that is switched off. Skips where there can be none, but fails on a build machine."""
    folder = tempfile.mkdtemp(prefix="pc-", dir="/tmp")
    computer = Computer(folder)
    try:
        yield computer
    finally:
        computer.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def booted() -> Iterator[Computer]:
    """A computer that is switched on, with a home of Clodputer's and nobody logged in."""
    with running() as computer:
        computer.on()
        computer.make()
        yield computer
