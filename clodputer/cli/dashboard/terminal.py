"""The terminal while the dashboard has it: the other screen, keys without Enter, and everything as before at the end."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Optional

from clodputer.cli.dashboard import keys
from clodputer.cli.terminal.ink import is_terminal, takes_ink, without

# The other screen, no cursor, no wrapping of lines, and pastes marked as such (xterm, "ctlseqs").
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J"
LEAVE = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
USUAL = os.terminal_size((80, 24))
# A terminal that takes nothing (Ctrl-S) is waited for in such steps, in seconds, and gets so much at a time, in bytes.
STEP, PIECE = 0.2, 512
# The rest of a sequence follows its Esc at once, also over a slow line; in seconds.
SEQUENCE = 0.05
# What stands for our own signs where the terminal has no UTF-8.
_ASCII = str.maketrans("─━│█░…·", "-=|#.~-")


class Terminal:
    """Entered: the terminal is ours. Left, however that happens: it is as it was before."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        self.ink = takes_ink(sys.stdout, environ)
        self._encoding = sys.stdout.encoding or "ascii"
        self._before: Optional[list[Any]] = None
        self._shown: list[str] = []
        self._size = USUAL
        self._rest = b""
        self.gone = False

    @property
    def descriptor(self) -> int:
        """What becomes readable when a key is pressed."""
        return self._in

    def __enter__(self) -> Terminal:
        self._before = termios.tcgetattr(self._in)
        tty.setcbreak(self._in)
        self._shown = []
        self._send(ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, ValueError):
            self._send(LEAVE)
        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._in, termios.TCSANOW, self._before)
            self._before = None

    def size(self) -> os.terminal_size:
        """How large it is now."""
        try:
            size = os.get_terminal_size(self._out)
        except OSError:
            return USUAL
        return size if size.columns and size.lines else USUAL

    def forget(self) -> None:
        """Have everything drawn again."""
        self._shown = []

    def draw(self, lines: Sequence[str], size: os.terminal_size) -> None:
        """Show these lines; only those are sent that are not there already."""
        text = ""
        if size != self._size or not self._shown:
            self._size, self._shown, text = size, [], "\x1b[0m\x1b[2J"
        shown = [line if self.ink else without(line) for line in lines[: size.lines]]
        for number, line in enumerate(shown):
            if number >= len(self._shown) or self._shown[number] != line:
                # Cleared first: behind the last column nothing can be cleared but what was just written.
                text += f"\x1b[{number + 1};1H\x1b[0m\x1b[K{line}\x1b[0m"
        for number in range(len(shown), len(self._shown)):
            text += f"\x1b[{number + 1};1H\x1b[K"
        if text and self._send(text):
            self._shown = shown
        elif text:
            self._shown = []

    def pressed(self, *, ready: bool) -> list[str]:
        """The keys that were pressed. ready: the descriptor can be read."""
        while True:
            if ready:
                try:
                    data = os.read(self._in, 4096)
                except OSError:
                    data = b""
                if not data:
                    self.gone = True
                    return []
                self._rest += data
            found, self._rest = keys.read(self._rest)
            if not self._rest or found:
                return found
            # An Esc that nothing follows is the key itself.
            ready = bool(select.select([self._in], [], [], SEQUENCE)[0])
            if not ready:
                known, self._rest = self._rest, b""
                return ["escape"] if known == b"\x1b" else []

    def _send(self, text: str) -> bool:
        """Write it all, unless the terminal accepts nothing for a moment; whether it was."""
        if self._encoding.lower().replace("-", "") != "utf8":
            text = text.translate(_ASCII)
        data = text.encode(self._encoding, "replace")
        while data:
            if not select.select([], [self._out], [], STEP)[1]:
                return False
            try:
                data = data[os.write(self._out, data[:PIECE]) :]
            except OSError:
                self.gone = True
                return False
        return True


def usable(environ: Mapping[str, str]) -> bool:
    """Whether there is a terminal for keys and for pictures."""
    return is_terminal(sys.stdin) and is_terminal(sys.stdout) and environ.get("TERM", "dumb") != "dumb"
