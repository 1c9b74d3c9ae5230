"""When to ask ntfy topics again."""

from __future__ import annotations

from clodputer.store.due import nextround

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from clodputer.store.home import Home

# Longer than any topic waits, in seconds.
FARTHEST = nextround.TOPICS[2]


def folder(home: Home) -> str:
    """Where what is known of topics is."""
    return f"{home.ledger}/{nextround.TOPICS[0]}"


def due(home: Home, now: float) -> bool:
    """Whether config.yaml names topics and was changed since they were asked, or the time of one has come (epoch seconds)."""
    return nextround.due(home, (nextround.TOPICS,), now)


def stamp(home: Home) -> str:
    """What changes when config.yaml does."""
    return nextround.stamp(home)


def note(home: Home, when: Optional[float], mark: str) -> None:
    """Note when the next topic is to be asked (epoch seconds), None: not before config.yaml changes. Raises OSError."""
    nextround.note(folder(home), when, mark)
