"""What became of what runs published, and what an accepted outcome cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from clodputer.model.publish.fate import ACCEPTED, CLOSED, FATES, IGNORED, OPEN, REVERTED, WATCHED
from clodputer.model.publish.rule import EVENT
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.index.query import Index
from clodputer.store.outgoing import published
from clodputer.store.outgoing.published import Published

# So many single things are listed, the latest ones.
MOST = 200


class Standing(NamedTuple):
    """Of one task. cost_usd: of all its runs in that time. fates: how many pull requests and issues have each fate."""

    task: str
    published: int
    fates: dict[str, int]
    cost_usd: float

    @property
    def accepted(self) -> int:
        """How many were merged, or closed as done, and stayed so."""
        return sum(self.fates.get(fate, 0) for fate in ACCEPTED)

    @property
    def declined(self) -> int:
        """How many were closed without, taken back, or left alone."""
        return sum(self.fates.get(fate, 0) for fate in (CLOSED, REVERTED, IGNORED))

    @property
    def cost_per_accepted(self) -> Optional[float]:
        """What one that was accepted cost; None as long as none was."""
        return round(self.cost_usd / self.accepted, 6) if self.accepted else None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task,
            "published": self.published,
            "accepted": self.accepted,
            "declined": self.declined,
            "open": self.fates.get(OPEN, 0),
            "fates": {fate: self.fates.get(fate, 0) for fate in FATES},
            "cost_usd": round(self.cost_usd, 6),
            "cost_per_accepted_usd": self.cost_per_accepted,
        }


class Outcomes(NamedTuple):
    """All of it since a moment (epoch seconds); things: the latest first."""

    since: float
    tasks: tuple[Standing, ...]
    things: tuple[Published, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "since": iso(self.since),
            "tasks": [one.to_json() for one in self.tasks],
            "things": [one.to_json() for one in self.things[:MOST]],
            "total": len(self.things),
        }


def gather(context: Context, task: str, since: float) -> Outcomes:
    """What was published since then, of one task or of all; the costs are those of the log. Raises ClodputerError, OSError."""
    sent = published.everything(context.home, since)
    found = [one for one in sent if task in ("", one.task) and one.kind != EVENT]
    costs: dict[str, float] = {}
    if found:
        with Index(context.home) as index:
            costs = {row.key: row.cost_usd for row in index.costs("task", since)}
    names = sorted({one.task for one in found})
    standings = (
        _standing(name, (one for one in found if one.task == name), costs.get(name, 0.0)) for name in names
    )
    return Outcomes(since, tuple(standings), tuple(found[::-1]))


def _standing(name: str, things: Iterable[Published], cost: float) -> Standing:
    number, fates = 0, dict[str, int]()
    for one in things:
        number += 1
        if one.kind in WATCHED and one.number is not None:
            fate = one.fate or OPEN
            fates[fate] = fates.get(fate, 0) + 1
    return Standing(name, number, fates, cost)
