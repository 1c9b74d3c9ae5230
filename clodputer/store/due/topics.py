"""When to ask ntfy topics again, as far as an `exec` with nothing to do wants to know."""

# Only what imports `os` alone: this is on the way of every `exec`.
from __future__ import annotations

from clodputer.store.due import nextround

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from clodputer.store.home import Home

# Longer than any topic waits, in seconds.
FARTHEST = 2 * 86400.0
ROUND = ("topics", (b"ntfy_topic",), FARTHEST)


def folder(home: Home) -> str:
    """Where what is known of topics is."""
    return f"{home.ledger}/{ROUND[0]}"


def due(home: Home, now: float) -> bool:
    """Whether config.yaml names topics and was changed since they were asked, or the time of one has come (epoch seconds)."""
    return nextround.due(home, (ROUND,), now)


def stamp(home: Home) -> str:
    """What changes when config.yaml does."""
    return nextround.stamp(home)


def note(home: Home, when: Optional[float], mark: str) -> None:
    """Note when the next topic is to be asked (epoch seconds), None: not before config.yaml changes. Raises OSError."""
    nextround.note(folder(home), when, mark)
