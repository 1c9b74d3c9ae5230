"""Labelled lines: what is known of one thing, each value beside its label, further lines set under the first."""

from __future__ import annotations

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.prose import wrapped

# Wide enough for "permission", the longest label.
LABEL = 11
MARGIN = LABEL + 2


def field(label: str, text: str) -> str:
    """A labelled text whose lines stay as they are."""
    return f"  {ink(label.ljust(LABEL), 'dim')}{text}".replace("\n", "\n" + " " * MARGIN)


def wrapped_field(label: str, text: str) -> str:
    """A labelled printable text, set into the width that the terminal leaves; it may hold ink."""
    return field(label, wrapped(text, MARGIN))
