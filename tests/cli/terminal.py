"""Commands run in a pseudo-terminal, as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from types import TracebackType
from typing import Optional

from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import environment

# What a terminal obeys and does not show.
_INK = re.compile("\x1b\\[[0-9;]*m")
_ORDER = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


class Terminal:
    """A command in a pseudo-terminal of its own, which is its controlling one: Ctrl-C is a typed character."""

    def __init__(
        self,
        home: Home,
        *arguments: str,
        columns: int = 80,
        extra: Optional[dict[str, str]] = None,
        stdout: Optional[int] = None,
    ) -> None:
        self.got = b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        # Its first act is to make the terminal its own, as a shell in a new window does.
        take = (
            "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
            "os.execv(sys.executable, [sys.executable, '-m', 'clodputer', *sys.argv[1:]])"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", take, *arguments],
            env=environment(home, {"TERM": "xterm", **(extra or {})}),
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        _kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    @property
    def text(self) -> str:
        """All that the terminal got."""
        return self.got.decode("utf-8", "replace")

    @property
    def plain(self) -> str:
        """The same without colours."""
        return _INK.sub("", self.text)

    def read(self) -> bool:
        """Take what has come; whether there may be more."""
        while select.select([self.master], [], [], 0.01)[0]:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                return False  # nobody has the other end any more
            if not part:
                return False
            self.got += part
        return True

    def wait_for(self, words: str) -> None:
        """Until the terminal has got these words."""

        def shown() -> bool:
            self.read()
            return words in self.plain

        try:
            until(shown)
        except AssertionError as error:
            raise AssertionError(f"{words!r} never came, but {self.text!r}") from error

    def type(self, text: str) -> None:
        """Type something."""
        os.write(self.master, text.encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        until(lambda: not self.read() or self.process.poll() is not None)
        self.read()
        return self.process.wait(timeout=100)

    def screen(self) -> list[str]:
        """The lines as they stand there at last: what was written over is gone."""
        return screen(self.text)


def screen(text: str) -> list[str]:
    """What such a text leaves on a terminal that is wide enough, line by line; colours are left out."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        cells, column = "", 0
        for part in re.split("(\r|\x1b\\[K)", line):
            if part == "\r":
                column = 0
            elif part == "\x1b[K":
                cells = cells[:column]
            else:
                part = _ORDER.sub("", part)
                cells = cells[:column] + part + cells[column + len(part) :]
                column += len(part)
        lines.append(cells)
    return lines


def in_terminal(home: Home, *arguments: str, extra: Optional[dict[str, str]] = None) -> tuple[int, str]:
    """A command run in a pseudo-terminal; its exit status and what the terminal got."""
    with Terminal(home, *arguments, extra=extra) as terminal:
        return terminal.end(), terminal.text
