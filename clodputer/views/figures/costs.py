"""What runs cost since a moment, told apart by task, day, model, lane or reason."""

from __future__ import annotations

from typing import Any, NamedTuple

from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.index.query import BY, Cost, Index

KINDS = tuple(BY)
DAY = "day"


class Costs(NamedTuple):
    """The costs between two moments (epoch seconds). by: one of KINDS.

    rows: those of days in the order of time, others with the dearest first. unpriced: how many runs ended without a figure.
    """

    by: str
    since: float
    until: float
    total: Cost
    rows: tuple[Cost, ...]
    unpriced: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "costs": {
                "by": self.by,
                "since": iso(self.since),
                "until": iso(self.until),
                **_figures(self.total),
                "unpriced_runs": self.unpriced,
                "rows": [{"key": row.key or None, **_figures(row)} for row in self.rows],
            }
        }


def costs(home: Home, by: str, since: float, now: float) -> Costs:
    """The costs since then, at `now` (epoch seconds). Raises ClodputerError when the log cannot be read."""
    with Index(home) as index:
        rows = index.costs(by, since)
        runs, _ = index.spent(since)
    if by != DAY:
        rows.sort(key=lambda row: (-row.cost_usd, -row.runs, row.key))
    total = together(rows)
    return Costs(by, since, now, total, tuple(rows), runs - total.runs)


def together(rows: list[Cost]) -> Cost:
    """The sums of several rows."""
    return Cost(
        "",
        sum(row.runs for row in rows),
        sum(row.cost_usd for row in rows),
        sum(row.estimated_usd for row in rows),
        sum(row.subscription_usd for row in rows),
    )


def _figures(of: Cost) -> dict[str, Any]:
    return {
        "runs": of.runs,
        "cost_usd": round(of.cost_usd, 6),
        "estimated_usd": round(of.estimated_usd, 6),
        "subscription_usd": round(of.subscription_usd, 6),
    }
