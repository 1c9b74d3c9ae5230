"""Hundreds of execs for one test, without hundreds of starts of Python."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

from clodputer.store.home import Home
from tests.workshop import ROOT, environment


class Ended(NamedTuple):
    """How a process ended. status: negative for a signal, as subprocess has it."""

    status: int
    stdout: str
    stderr: str


class Execs:
    """A process that has everything imported, and forks one for each call: as separate as if it had been started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("crashing_exec.py"))],
            env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        """End the process."""
        self._process.communicate()

    def call(
        self,
        home: Home,
        *arguments: str,
        extra: Optional[Mapping[str, str]] = None,
        step: int | str | None = None,
    ) -> Ended:
        """A clodputer command, to be killed before its N-th step or the one of these words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        stdout, stderr = (self._folder / name for name in ("stdout", "stderr"))
        order = {
            "arguments": arguments,
            "environ": environment(home, extra),
            "step": step,
            "stdout": str(stdout),
            "stderr": str(stderr),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return Ended(status, stdout.read_text(), stderr.read_text())

    def run(self, home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None) -> str:
        """A clodputer command run to its end, which must be a good one; its stdout."""
        ended = self.call(home, *arguments, extra=extra)
        assert ended.status == 0, ended
        return ended.stdout

    def execute(self, home: Home, *arguments: str) -> dict[str, Any]:
        """`clodputer exec --json`, and its data."""
        data: dict[str, Any] = json.loads(self.run(home, "exec", "--json", *arguments))["data"]
        return data

    def kill_at(
        self, home: Home, step: int | str, extra: Optional[Mapping[str, str]] = None
    ) -> tuple[bool, str]:
        """Run exec to be killed before its N-th step, or the one of these words; whether it was, and which step that was."""
        ended = self.call(home, "exec", extra=extra, step=step)
        assert ended.status in (0, -signal.SIGKILL), ended
        return ended.status != 0, ended.stdout.strip()
