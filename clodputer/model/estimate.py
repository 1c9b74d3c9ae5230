"""What a run of a task is expected to take and to cost, from its latest runs; nothing is said from fewer than five."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.quantile import quantile

# From fewer runs nothing is said; and of a task's runs the latest so many count.
LEAST_RUNS, MOST_RUNS = 5, 100


class Ended(NamedTuple):
    """The end of a run, as far as it tells of the next one. blameless: it says nothing about whether the task does its work.

    duration: in seconds. cost: in US dollars, None where nobody knows.
    """

    outcome: str
    blameless: bool
    duration: float
    cost: Optional[float]


class Spread(NamedTuple):
    """Half of the runs stayed at or below p50, nine of ten at or below p90."""

    p50: float
    p90: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"p50": round(self.p50, 6), "p90": round(self.p90, 6)}


class Estimate(NamedTuple):
    """What a task's latest runs came to.

    runs: how many ran. succeeded, judged: of those whose ends say something about the task. priced: of those whose costs are
    known. duration: in seconds; cost: in US dollars; each None where too few runs are known.
    """

    runs: int = 0
    succeeded: int = 0
    judged: int = 0
    priced: int = 0
    duration: Optional[Spread] = None
    cost: Optional[Spread] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "runs": self.runs,
            "duration_seconds": self.duration and self.duration.to_json(),
            "priced_runs": self.priced,
            "cost_usd": self.cost and self.cost.to_json(),
        }


def estimate(ends: Iterable[Ended]) -> Estimate:
    """The estimate from runs that took place, the latest MOST_RUNS of a task."""
    ends = list(ends)
    judged = [end for end in ends if not end.blameless]
    costs = [end.cost for end in ends if end.cost is not None]
    return Estimate(
        len(ends),
        sum(end.outcome == SUCCEEDED for end in judged),
        len(judged),
        len(costs),
        _spread([end.duration for end in ends]),
        _spread(costs),
    )


def _spread(values: list[float]) -> Optional[Spread]:
    middle, high = quantile(values, 0.5), quantile(values, 0.9)
    if len(values) < LEAST_RUNS or middle is None or high is None:
        return None
    return Spread(middle, high)
