"""When to write the report anew that config.yaml asks for; and why it could not be written the last time."""

# Only what imports `os` alone: this is on the way of every `exec`.
from __future__ import annotations

from clodputer.store.due import nextround

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.store.home import Home

# The longest time between two reports, in seconds, and some more.
LONGEST = 7 * 86400.0
FARTHEST = LONGEST + 86400.0
# How the key is written at the top of a YAML file. The shipped file has it in a comment.
_WORDS = (b"\nreport:", b"\nreport :", b"{report:", b"{ report:", b'"report"', b"'report'")
ROUND = ("report", _WORDS, FARTHEST)


def folder(home: Home) -> str:
    """Where what is known of it is."""
    return f"{home.ledger}/{ROUND[0]}"


def due(home: Home, now: float) -> bool:
    """Whether it is to be written at `now` (epoch seconds), or config.yaml was changed since and may ask for it."""
    return nextround.due(home, (ROUND,), now)


def failed(home: Home) -> str:
    """The file that says why it could not be written the last time; it is there only then."""
    return f"{folder(home)}/failed"
