"""A page of text that is drawn again and again in its terminal until Ctrl-C: no keys, no other screen, no colour needed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Callable, NoReturn

from clodputer.cli.terminal.ink import is_terminal, shown
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode

# The whole screen is cleared once, and afterwards what is behind each line and below the last one, so that nothing flickers.
_BEGIN, _HOME, _REST_OF_LINE, _REST = "\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[J"


def redrawn(page: Callable[[], str], seconds: float, environ: Mapping[str, str]) -> NoReturn:
    """Draw the page every so many seconds. Raises KeyboardInterrupt at Ctrl-C; ClodputerError ("usage") without a terminal."""
    if not is_terminal(sys.stdout) or environ.get("TERM", "dumb") == "dumb":
        raise ClodputerError(
            "usage",
            "--watch redraws its page, for which it needs a terminal",
            "In a pipe, ask once: leave --watch out.",
            ExitCode.USAGE,
        )
    begin = _BEGIN
    while True:
        text = shown(page(), sys.stdout, environ)
        height = os.get_terminal_size(sys.stdout.fileno()).lines
        sys.stdout.write(begin + _HOME + drawn(text, height))
        sys.stdout.flush()
        begin = ""
        time.sleep(seconds)


def drawn(text: str, height: int) -> str:
    """The lines of a text that fit into so many, each clearing what was behind it; the last says how many are left out."""
    lines = text.rstrip("\n").split("\n")
    room = max(height, 2) - 1  # the cursor stays in the last line of the screen
    if len(lines) > room:
        lines = [*lines[: room - 1], f"... and {len(lines) - room + 1} more lines"]
    return "".join(f"{line}{_REST_OF_LINE}\n" for line in lines) + _REST
