"""Follow-ups that did not come: those that went too far, could not be filled in, or failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.text.moment import iso, moment_or
from clodputer.store.home import Home
from clodputer.store.index.query import Index


class Missing(NamedTuple):
    """One of them. at: epoch seconds; task, run_id: of the run that it would have followed; target: the task or program."""

    at: float
    task: str
    run_id: str
    on: str
    target: str
    reason: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "at": iso(self.at)}


class Unfollowed(NamedTuple):
    """How many there were since a moment, and the latest of them."""

    number: int = 0
    latest: Optional[Missing] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"number": self.number, "latest": self.latest and self.latest.to_json()}


def unfollowed(home: Home, since: float) -> Unfollowed:
    """What the log has of them from `since` (epoch seconds) on. Raises ClodputerError when the log cannot be read."""
    with Index(home) as index:
        number = index.number("not_followed", since)
        latest = index.events(event="not_followed", since=since, last=1) if number else []
    return Unfollowed(number, missing(latest[-1], since) if latest else None)


def missing(event: Mapping[str, Any], otherwise: float) -> Missing:
    """What a line of the log says about one; `otherwise`: the moment where the line has none."""
    at = moment_or(event.get("timestamp"), otherwise)
    keys = ("task", "run_id", "on", "target", "reason", "message")
    return Missing(at, *(str(event.get(key) or "") for key in keys))
