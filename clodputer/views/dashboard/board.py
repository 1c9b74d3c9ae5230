"""What the dashboard shows, as one value: the status of the home, live runs, the queue and the end of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.views.overview.needs import status_json
from clodputer.views.overview.status import Running, Status
from clodputer.views.queue.waiting import Queue
from clodputer.views.runs.seen import Seen


class Live(NamedTuple):
    """A run that is going on. seen: what its stream has said so far. usual: what its task's runs usually take, in seconds.

    slots: how many runs its lane may have at a time.
    """

    run: Running
    seen: Seen = Seen()
    usual: Optional[float] = None
    slots: int = 1

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            **self.run.to_json(),
            "doing": self.seen.doing or None,
            "turns": self.seen.turns,
            "cost_usd": self.seen.cost,
            "usual_seconds": self.usual,
            "slots": self.slots,
        }


class Board(NamedTuple):
    """All of it. status: None where it cannot be read; problem: why, in a sentence, and fix: what to do about it.

    queue: the first requests of all that wait; None as status is. log: the last events, the latest last.
    """

    home: str
    now: float
    status: Optional[Status] = None
    live: tuple[Live, ...] = ()
    queue: Optional[Queue] = None
    log: tuple[Mapping[str, Any], ...] = ()
    problem: str = ""
    fix: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "home": self.home,
            "status": self.status and status_json(self.status),
            "live": [one.to_json() for one in self.live],
            "queue": self.queue and self.queue.to_json(),
            "log": [dict(event) for event in self.log],
            "problem": self.problem or None,
            "fix": self.fix or None,
        }
