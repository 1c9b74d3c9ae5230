"""How the report says figures and moments: for people, in the local time of whoever made it."""

from __future__ import annotations

from time import localtime, strftime
from typing import Optional

from clodputer.cli.terminal.printable import one_line

# So long a name and a line from outside may be, in characters.
LONGEST_NAME, LONGEST_LINE = 80, 300


def moment(at: float) -> str:
    """A moment to the minute."""
    return strftime("%Y-%m-%d %H:%M", localtime(at))


def percent(share: Optional[float]) -> str:
    """A share of 1; of nothing a dash, as 0 % would say that all failed. 100 % is only said of all."""
    if share is None:
        return "\N{EN DASH}"
    return f"{min(99.9, share * 100) if share < 1 else 100:.1f}%".replace(".0%", "%")


def name(of: str, otherwise: str = "(not known)") -> str:
    """A name that may come from outside."""
    return one_line(of, LONGEST_NAME) or otherwise


def line(of: str) -> str:
    """A line that may come from outside."""
    return one_line(of, LONGEST_LINE)
