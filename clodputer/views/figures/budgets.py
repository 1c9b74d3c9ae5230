"""Budgets as they are: of everything, of each lane and of each task that has one, what is spent and reserved of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from clodputer.gates import budget
from clodputer.model.gates.budget import NEARLY, RUNS_PER_DAY, Use
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.model.text.money import dollars
from clodputer.store.context import Context
from clodputer.store.records.history import History


class Standing(NamedTuple):
    """One limit of a budget. scope: all, lane or task; name: of the lane or the task, empty for everything."""

    scope: str
    name: str
    use: Use

    @property
    def state(self) -> str:
        """Whether it is spent, nearly spent, or neither ("open")."""
        return "spent" if self.use.share >= 1 else "near" if self.use.share >= NEARLY else "open"

    @property
    def of_runs(self) -> bool:
        """Whether it is a number of runs, and no money."""
        return self.use.key == RUNS_PER_DAY

    @property
    def whose(self) -> str:
        """What it limits, in words; a task's name comes from a person."""
        return "all tasks" if self.scope == "all" else f"{self.scope} {self.name}"

    @property
    def figures(self) -> str:
        """How much of it is used, and what runs that are going on may still use, in words."""
        use = self.use
        if self.of_runs:
            in_hand = f", {use.reserved:.0f} in hand" if use.reserved else ""
            return f"{use.used:.0f} of {use.limit:.0f} runs{in_hand}"
        reserved = f", {dollars(min(use.reserved, use.limit))} reserved" if use.reserved else ""
        return f"{dollars(use.used)} of {dollars(use.limit)}{reserved}"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        use = self.use
        return {
            "scope": self.scope,
            "name": self.name or None,
            "key": use.key,
            "limit": use.limit,
            "spent": round(use.used, 6),
            "reserved": round(min(use.reserved, use.limit), 6),
            "since": iso(use.since),
            "until": iso(use.over),
            "state": self.state,
        }


def standings(context: Context, tasks: Iterable[Task], now: float) -> list[Standing]:
    """All limits that are set, as they are at `now` (epoch seconds). Raises OSError."""
    found = budget.everywhere(tasks, History(context.home), context, now)
    return [Standing(scope, name, use) for (scope, name), use in found]
