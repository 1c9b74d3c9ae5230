"""What is remembered while a look lasts, and the edges that it has found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.told import Told

# The same edge of the same task is told again after so many seconds at the earliest: what flaps is one thing.
QUIET = 3600.0
# So many ends of runs, and follow-ups that did not come, are remembered.
KNOWN = 200


class Memory:
    """What was told before a look, as the look changes it, and what it found. now: epoch seconds."""

    def __init__(self, told: Told, now: float) -> None:
        self.now, self.found = now, list[Edge]()
        self.failing, self.holds, self.said = dict(told.failing), dict(told.holds), dict(told.said)
        self.active_at, self.idle, self.suspect = told.active_at, told.idle, dict(told.suspect)
        self.ended, self.unfollowed = list(told.ended), list(told.unfollowed)
        self.plugins = dict(told.plugins)

    def tell(self, edge: Edge) -> bool:
        """Whether it is to be reported: the same edge was not told a short while ago."""
        last = self.said.get(edge.key)
        if last is not None and abs(self.now - last) < QUIET:
            return False
        self.said[edge.key] = self.now
        self.found.append(edge)
        return True

    def told(self) -> Told:
        """What to remember until the next look."""
        said = {key: at for key, at in self.said.items() if abs(self.now - at) < QUIET}
        return Told(
            self.failing,
            self.holds,
            said,
            self.active_at,
            self.idle,
            self.suspect,
            self.ended[-KNOWN:],
            self.unfollowed[-KNOWN:],
            self.plugins,
        )


# What one event of the log means; the last argument is its moment (epoch seconds).
Handler = Callable[[Memory, Mapping[str, Any], float], None]


def text(event: Mapping[str, Any], key: str) -> str:
    """One field of an event; empty when it lacks it, as an earlier version or a person wrote it."""
    return str(event.get(key) or "")


def show(run_id: str) -> str:
    """The command that shows a run."""
    return f"clodputer show {run_id}"
