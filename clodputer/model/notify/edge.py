"""An edge: one thing that a person is notified of, when it begins."""

from __future__ import annotations

from typing import NamedTuple

# Priorities from 1 to 5, as ntfy has them (docs.ntfy.sh/publish); whatever is not named here has 3.
_HIGH, _URGENT, _LOW = 4, 5, 2
PRIORITIES = {
    "failed": _HIGH,
    "breaker": _HIGH,
    "disabled": _HIGH,
    "auth": _URGENT,
    "budget_spent": _HIGH,
    "parked": _HIGH,
    "approval_wanted": _HIGH,
    "undelivered": _HIGH,
    "not_published": _HIGH,
    "idle": _HIGH,
    "not_followed": _HIGH,
    "plugin_failing": _HIGH,
    "plugin_recovered": _LOW,
    "recovered": _LOW,
    "hold": _LOW,
    "hold_ended": _LOW,
}


class Edge(NamedTuple):
    """One thing to tell. at: epoch seconds; item: what it is about beside its task; command: the one to type."""

    edge: str
    at: float
    title: str
    message: str
    command: str
    task: str = ""
    run_id: str = ""
    item: str = ""

    @property
    def key(self) -> str:
        """What is told once in a while only."""
        return f"{self.edge}|{self.task}|{self.item}"

    @property
    def priority(self) -> int:
        """1 to 5, as ntfy has it."""
        return PRIORITIES.get(self.edge, 3)
