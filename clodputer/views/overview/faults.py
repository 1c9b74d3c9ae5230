"""Faults of Clodputer that were contained: each one stopped a step of an exec or one request, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.text.moment import iso, moment_or
from clodputer.store.home import Home
from clodputer.store.index.query import Index


class Fault(NamedTuple):
    """One contained fault. at: epoch seconds; step: of the exec's work; message: the error, and where it was raised."""

    at: float
    step: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"at": iso(self.at), "step": self.step, "message": self.message}


class Faults(NamedTuple):
    """How many faults were contained since a moment, and the latest of them."""

    number: int = 0
    latest: Optional[Fault] = None


def faults(home: Home, since: float) -> Faults:
    """What the log has of them from `since` (epoch seconds) on. Raises ClodputerError when the log cannot be read."""
    with Index(home) as index:
        number = index.number("fault", since)
        latest = index.events(event="fault", since=since, last=1)
    if not latest:
        return Faults(number)
    event = latest[-1]
    at = moment_or(event.get("timestamp"), since)
    return Faults(number, Fault(at, str(event.get("step") or ""), str(event.get("message") or "")))
