"""A real `systemd --user` for tests, in namespaces of its own: started, stopped and gone with its tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("system") / "labs" / "systemd_user.sh"
# What the script ends with when this machine does not let it.
UNABLE = 77


class Lab:
    """One manager. folder: of its own, with a short path, since sockets lie in it. home: the person's home folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.home = f"{folder}/home"
        self.runtime = f"{folder}/run"
        self.units = f"{self.home}/.config/systemd/user"
        self._process = subprocess.Popen(
            ["bash", str(SCRIPT), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def order(self, word: str, answer: str) -> None:
        """Have the manager started or stopped, and wait until it is."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        if self._process.stdout.readline() != f"{answer}\n":
            _, stderr = self._process.communicate()
            if self._process.returncode == UNABLE and os.environ.get("CI") != "true":
                pytest.skip(f"no systemd for tests: {stderr.strip()}")
            pytest.fail(f"the lab ended with {self._process.returncode}: {stderr}")

    def start(self) -> None:
        """As at a login."""
        self.order("start", "started")

    def stop(self) -> None:
        """As at the last logout."""
        self.order("stop", "stopped")

    def end(self) -> None:
        """The manager and all that it started are gone."""
        self._process.communicate(timeout=30)

    def systemctl(self, *arguments: str) -> str:
        """What a call of systemctl prints."""
        ended = subprocess.run(
            ["systemctl", "--user", *arguments],
            env={**os.environ, "XDG_RUNTIME_DIR": self.runtime, "TZ": "UTC"},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return ended.stdout

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
        yield lab
    finally:
        lab.end()
        shutil.rmtree(folder, ignore_errors=True)
