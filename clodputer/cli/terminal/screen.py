"""A terminal to which a line is sent again and again in one place, without ever waiting for the terminal."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from typing import Any, Optional

from clodputer.cli.terminal.ink import is_terminal
from clodputer.cli.terminal.live_line import cut

NARROWEST, USUAL = 10, 80


class Screen:
    """The last line of a terminal. Nothing here raises, or waits without being asked; a terminal that accepts nothing
    is left alone."""

    def __init__(self, stream: Any) -> None:
        self._number = stream.fileno()
        self._shown = ""
        stream.flush()

    def show(self, text: str) -> None:
        """Put the text where the line was, cut to the width that the terminal has now."""
        text = cut(text, self._width() - 1)
        # Written over it first and then cleared behind it: a line that is cleared first would flicker.
        if text != self._shown and send(self._number, f"\r{text}\x1b[K"):
            self._shown = text

    def clear(self, *, patiently: bool = False) -> None:
        """Take the line away, so that others may write where it was; `patiently`: even if the terminal keeps us waiting."""
        if self._shown and send(self._number, "\r\x1b[K", patiently=patiently):
            self._shown = ""

    def _width(self) -> int:
        try:
            columns = os.get_terminal_size(self._number).columns
        except OSError:
            columns = 0
        return max(columns, NARROWEST) if columns else USUAL


def on(stream: Any, environ: Mapping[str, str]) -> Optional[Screen]:
    """The screen of a stream; None where nothing may move: no terminal, or one that can only print."""
    return Screen(stream) if is_terminal(stream) and environ.get("TERM", "dumb") != "dumb" else None


def ready(number: int) -> bool:
    """Whether a short write there would return at once; a terminal stopped by Ctrl-S and a full pipe take none."""
    return bool(select.select([], [number], [], 0)[1])


def send(number: int, text: str, *, patiently: bool = False) -> bool:
    """Write a short text if that can be done at once, or if there is time; whether it was."""
    try:
        return (patiently or ready(number)) and os.write(number, text.encode("utf-8", "backslashreplace")) > 0
    except (OSError, ValueError):
        return False
