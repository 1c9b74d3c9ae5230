"""A shell in a real terminal, whose screen can be read as text: tmux, with a server of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Optional

import pytest

from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import environment


def require() -> None:
    """Skip where there is no tmux; on a build machine fail."""
    if shutil.which("tmux"):
        return
    reason = "tmux is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Tmux:
    """A shell with the prompt `$ `, in which `clodputer` is ours."""

    def __init__(self, home: Home, columns: int = 80, lines: int = 40) -> None:
        # Short: the path of a socket may have some hundred characters.
        self.folder = tempfile.mkdtemp(prefix="cp-tmux-", dir="/tmp")
        self.shell = Path(self.folder, "clodputer")
        self.shell.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m clodputer "$@"\n')
        self.shell.chmod(0o755)
        # The variable alone does not do: shells have a prompt of their own for root.
        settings = Path(self.folder, "settings")
        settings.write_text("PS1='$ '\n")
        self.environment = environment(
            home,
            {
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "ENV": str(settings),
                "TERM": "xterm",
                "LC_ALL": "C.UTF-8",
            },
        )
        self.call("new-session", "-d", "-x", str(columns), "-y", str(lines), "/bin/sh")

    def __enter__(self) -> Tmux:
        try:
            self.prompt()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        _kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        self.call("kill-server")
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *arguments: str) -> str:
        """One tmux command; what it printed."""
        done = subprocess.run(
            ["tmux", "-S", f"{self.folder}/socket", "-f", "/dev/null", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def type(self, text: str) -> None:
        """Type a line, with its Enter once it stands there: then the last prompt is not taken for the next one."""
        if text:
            # What is typed while a command still prints is not seen beside the prompt.
            self.prompt()
            self.call("send-keys", "-l", text)
            self.wait_for(f"$ {text}"[:20])
        self.call("send-keys", "Enter")

    def press(self, key: str) -> None:
        """Press a key, such as `C-c`."""
        self.call("send-keys", key)

    def screen(self) -> list[str]:
        """The lines that a person sees now, without the empty ones at the end."""
        return self.call("capture-pane", "-p").rstrip("\n").split("\n")

    def wait_for(self, words: str) -> list[str]:
        """The screen, once these words stand on it."""
        return self.wait_for_pattern(re.escape(words))

    def wait_for_pattern(self, pattern: str) -> list[str]:
        """The screen, once a line on it has this regular expression."""

        def shown() -> list[str]:
            lines = self.screen()
            return lines if any(re.search(pattern, line) for line in lines) else []

        try:
            return until(shown)
        except AssertionError as error:
            raise AssertionError(f"{pattern!r} never stood there:\n" + "\n".join(self.screen())) from error

    def prompt(self) -> list[str]:
        """The screen, once the shell waits for the next line."""

        def shown() -> list[str]:
            lines = self.screen()
            return lines if lines[-1] in ("$", "^C$") else []

        return until(shown, message="the shell never came back")
