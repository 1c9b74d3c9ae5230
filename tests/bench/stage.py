"""The stage of the benches: homes that are used once, the program as alarms start it, and the yardsticks."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

from clodputer.schedulers.shim import Shim, text
from clodputer.store import homes
from clodputer.store.home import Home
from tests.bench.rotation import Side, process
from tests.workshop import ROOT, command_task

BARE = (sys.executable, "-I", "-c", "pass")
BARE_ISOLATED = (sys.executable, "-I", "-S", "-c", "pass")
TRUE = "/bin/true"


class Stage(NamedTuple):
    """folder: for everything, removed at the very end: what was just deleted slows a file system. rounds: of each."""

    folder: Path
    rounds: int

    def home(self, name: str) -> Home:
        """A fresh home with a task `blink`, which takes a millisecond, and the shim that alarms start."""
        home = Home(str(self.folder / name))
        homes.make(home)
        command_task(home, "blink", TRUE)
        shim = Path(home.root, "bin", "clodputer")
        shim.parent.mkdir()
        shim.write_text(text(Shim(sys.executable, (str(ROOT), *packages()), self.environment(home))))
        shim.chmod(0o700)
        return home

    def environment(self, home: Home) -> dict[str, str]:
        """What a scheduler gives."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "CLODPUTER_HOME": home.root}

    def execute(self, home: Home, drops: int = 0) -> Side:
        """`exec` as an alarm starts it, with so many requests dropped before it."""
        return process(
            [f"{home.root}/bin/clodputer", "exec"], self.environment(home), lambda: touch(home, drops)
        )

    def command(self, home: Home, *arguments: str) -> Side:
        """Any other command, as a person starts it from the installed program."""
        environ = {**self.environment(home), "PYTHONPATH": str(ROOT)}
        return process([sys.executable, "-m", "clodputer", *arguments], environ)


def packages() -> list[str]:
    """Where this Python has its packages."""
    return [place for place in sys.path if place.endswith("-packages")]


def touch(home: Home, count: int, task: str = "blink", folder: str = "") -> None:
    """Drop requests the shortest way: small files created where they belong, without a rename and without fsync."""
    for number in range(count):
        path = f"{folder or home.new}/{number:07d}.json"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(descriptor, b'{"task": "%s"}\n' % task.encode())
        os.close(descriptor)
