"""Colour and weight for a terminal, and the leaving out of it anywhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The eight old colours only: people have made them readable on their own background.
_STYLES = {"bold": "1", "dim": "2", "reverse": "7", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_INK = re.compile("\x1b\\[[0-9;]*m")


def ink(text: str, *styles: str) -> str:
    """The text in these styles: bold, dim, reverse, red, green, yellow, cyan."""
    if not (text and styles):
        return text
    return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"


def shown(text: str, stream: Any, environ: Mapping[str, str]) -> str:
    """The text as that stream takes it: without ink unless it is a terminal that has it and NO_COLOR is not set."""
    return text if takes_ink(stream, environ) else without(text)


def without(text: str) -> str:
    """The text with its ink left out."""
    return _INK.sub("", text)


def takes_ink(stream: Any, environ: Mapping[str, str]) -> bool:
    """Whether ink may be sent there."""
    return not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb" and is_terminal(stream)


def is_terminal(stream: Any) -> bool:
    """Whether a person reads that stream in a terminal."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False  # closed, or never there
