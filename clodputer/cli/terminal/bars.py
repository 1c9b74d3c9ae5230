"""Small bars beside figures: how long one may be, and the two kinds of its cells."""

from __future__ import annotations

from clodputer.cli.terminal.ink import ink

LONGEST = 30


def room(width: int, used: int) -> int:
    """How many cells are left for a bar in a line of that width, of which so many are used."""
    return max(0, min(LONGEST, width - used - 1))


def length(part: float, room: int) -> int:
    """The cells of a part from 0 to 1: at least one, so that little is not nothing."""
    return max(1, round(part * room)) if room else 0


def full(cells: int) -> str:
    """Cells of what is good, or known."""
    return ink("█" * cells, "green")


def faint(cells: int, style: str = "red") -> str:
    """Cells of what is not."""
    return ink("░" * cells, style)
