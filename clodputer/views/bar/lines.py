"""tmux and i3blocks: a line of plain text."""

from __future__ import annotations

from collections.abc import Sequence

from clodputer.views.bar.content import Bar, plain

# The colours of the states that stand out, as i3blocks takes them.
COLOURS = {"needs": "#FF6E67", "broken": "#FF6E67", "held": "#F4BF4F"}


def tmux(bar: Bar, _program: Sequence[str]) -> str:
    """For `status-right`. tmux reads it as a format once more, where `#` begins an order: there is none."""
    return plain(bar.title)


def i3blocks(bar: Bar, _program: Sequence[str]) -> str:
    """The full text, the short text, and a colour where something stands out (the manual page i3blocks(1))."""
    title = plain(bar.title)
    return "\n".join((title, title, *([COLOURS[bar.state]] if bar.state in COLOURS else [])))
