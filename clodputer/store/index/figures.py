"""Figures of a span of time, asked of the index: runs, successes, durations, costs; by day and by reason."""

from __future__ import annotations

from time import localtime, mktime, strftime
from typing import NamedTuple, Optional

from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import BLAMELESS, CANCELLED, LIMITED, SKIPPED
from clodputer.store.index.query import Group, Index

# How a run that counts neither as a success nor as a failure ended: there was nothing to do, or its request was put back or
# called off.
NEITHER = (SKIPPED, LIMITED, CANCELLED)


class Figures(NamedTuple):
    """The finished runs from one moment on and before another (epoch seconds). Durations in seconds, None without runs."""

    since: float
    until: float
    groups: tuple[Group, ...]
    median: Optional[float]
    p90: Optional[float]

    @property
    def runs(self) -> int:
        """How many there are."""
        return sum(group.runs for group in self.groups)

    @property
    def succeeded(self) -> int:
        """How many succeeded."""
        return sum(group.runs for group in self.groups if group.outcome == "succeeded")

    @property
    def blameless(self) -> int:
        """How many did not fail."""
        return sum(group.runs for group in self.groups if group.outcome in BLAMELESS)

    @property
    def success_rate(self) -> Optional[float]:
        """The part of them that succeeded, from 0 to 1, leaving out those that are `NEITHER`; None when none is left."""
        judged = sum(group.runs for group in self.groups if group.outcome not in NEITHER)
        return self.succeeded / judged if judged else None

    @property
    def suspect(self) -> int:
        """How many ended well and may have done nothing all the same."""
        return sum(group.suspect for group in self.groups)

    @property
    def cost_usd(self) -> float:
        """What they cost together."""
        return sum(group.cost_usd for group in self.groups)


def figures(index: Index, since: float, until: float, task: str = "", model: Optional[str] = None) -> Figures:
    """The figures of one span; model: only of the runs with this one, whose name may be empty."""
    durations = index.durations(since, until, task, model)
    return Figures(
        since,
        until,
        tuple(index.groups(since, until, task, model)),
        quantile(durations, 0.5),
        quantile(durations, 0.9),
    )


def by_days(index: Index, since: float, until: float, task: str = "", days: int = 1) -> list[Figures]:
    """The figures of each day by the local clock, or of so many days together; the first and the last may be parts."""
    edges = [since]
    while edges[-1] < until:
        edges.append(min(until, midnight(edges[-1], days)))
    return [figures(index, *span, task) for span in zip(edges, edges[1:])]


def day(moment: float) -> str:
    """The local date of a moment."""
    return strftime("%Y-%m-%d", localtime(moment))


def midnight(moment: float, days: int) -> float:
    """The local midnight so many days on; a day of the change to summer time has 23 hours."""
    date = localtime(moment)
    return mktime((date.tm_year, date.tm_mon, date.tm_mday + days, 0, 0, 0, 0, 0, -1))
