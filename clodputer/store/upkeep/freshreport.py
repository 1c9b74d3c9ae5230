"""When to write the report again that config.yaml asks for; and why it could not be written the last time."""

from __future__ import annotations

from clodputer.store.due import nextround

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.store.home import Home


def folder(home: Home) -> str:
    """Where what is known of it is."""
    return f"{home.ledger}/{nextround.REPORT[0]}"


def due(home: Home, now: float) -> bool:
    """Whether it is to be written at `now` (epoch seconds), or config.yaml was changed since and may ask for it."""
    return nextround.due(home, (nextround.REPORT,), now)


def failed(home: Home) -> str:
    """The file that says why it could not be written the last time; it is there only then."""
    return f"{folder(home)}/failed"
