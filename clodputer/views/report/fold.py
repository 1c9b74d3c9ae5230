"""Past runs folded into the figures of the report: by task, day, model and reason; all pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import BLAMELESS, SKIPPED, SUCCEEDED
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso

# Of a failure so many of the tasks that it hit are named.
MOST_HIT = 3


class Tally(NamedTuple):
    """Runs that have one thing in common, `key`: how many there are, how they ended, and what they cost (US dollars).

    failed: those whose outcome speaks against the task. suspect: those that ended well and may have done nothing. priced: those
    of which the cost is known. estimated_usd, subscription_usd: what of the cost is estimated, or drew on a subscription.
    """

    key: str
    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    suspect: int = 0
    priced: int = 0
    cost_usd: float = 0.0
    estimated_usd: float = 0.0
    subscription_usd: float = 0.0

    @property
    def other(self) -> int:
        """How many neither succeeded nor failed: skipped, cancelled, or put back at a usage limit."""
        return self.runs - self.succeeded - self.failed

    @property
    def success_rate(self) -> Optional[float]:
        """The part that succeeded of those that succeeded or failed, from 0 to 1; None when there are none."""
        judged = self.succeeded + self.failed
        return self.succeeded / judged if judged else None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs; the name of `key` is added by whoever knows it."""
        rate = self.success_rate
        return {
            "runs": self.runs,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "other": self.other,
            "suspect": self.suspect,
            "success_rate": None if rate is None else round(rate, 4),
            "priced_runs": self.priced,
            "cost_usd": round(self.cost_usd, 6),
            "estimated_usd": round(self.estimated_usd, 6),
            "subscription_usd": round(self.subscription_usd, 6),
        }


class Spread(NamedTuple):
    """How long runs took that had something to do, in seconds: how many they are, and their quantiles."""

    runs: int
    shortest: float
    p10: float
    median: float
    p90: float
    longest: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "runs": self.runs,
            "shortest_seconds": self.shortest,
            "p10_seconds": self.p10,
            "median_seconds": self.median,
            "p90_seconds": self.p90,
            "longest_seconds": self.longest,
        }


class OfTask(NamedTuple):
    """The runs of one task: all of them, those of each span of time in order, and how long they took."""

    total: Tally
    spans: tuple[Tally, ...]
    spread: Optional[Spread]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.total.key,
            **self.total.to_json(),
            "durations": self.spread and self.spread.to_json(),
            "by_span": [
                {"begin": one.key, "succeeded": one.succeeded, "failed": one.failed, "other": one.other}
                for one in self.spans
            ],
        }


class Failure(NamedTuple):
    """The runs that failed for one reason. tasks: how many it hit; hit: those that it hit most. latest: its latest run."""

    reason: str
    outcome: str
    runs: int
    tasks: int
    hit: tuple[tuple[str, int], ...]
    latest: PastRun

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs; what the reason means is added by whoever knows it."""
        return {
            "reason": self.reason,
            "outcome": self.outcome,
            "runs": self.runs,
            "tasks": self.tasks,
            "most_hit": [{"task": task, "runs": runs} for task, runs in self.hit],
            "latest": {
                "task": self.latest.task,
                "run_id": self.latest.run_id,
                "ended_at": iso(self.latest.at),
            },
        }


class Folded(NamedTuple):
    """All figures. days: of each day from the first one on. tasks: with most failures first, then most runs.

    models: the dearest first. reasons: the most frequent first.
    """

    total: Tally
    days: tuple[Tally, ...] = ()
    tasks: tuple[OfTask, ...] = ()
    models: tuple[Tally, ...] = ()
    reasons: tuple[Failure, ...] = ()


def fold(runs: Sequence[PastRun], days: Mapping[float, str], spans: Mapping[float, str]) -> Folded:
    """The figures of these runs. days, spans: when each begins (epoch seconds), in order, and its name."""
    tasks = [
        OfTask(tally(task, own), _by_time(own, spans), spread(own))
        for task, own in grouped(runs, lambda run: run.task).items()
    ]
    tasks.sort(key=lambda one: (-one.total.failed, -one.total.runs, one.total.key))
    models = [tally(model, own) for model, own in grouped(runs, lambda run: run.model).items()]
    models.sort(key=lambda one: (-one.cost_usd, -one.runs, one.key))
    return Folded(
        tally("", runs),
        _by_time(runs, days),
        tuple(tasks),
        tuple(one for one in models if one.priced),
        failures(runs),
    )


def tally(key: str, runs: Iterable[PastRun]) -> Tally:
    """What runs have in common, counted."""
    number = succeeded = failed = suspect = priced = 0
    cost = estimated = subscription = 0.0
    for run in runs:
        number += 1
        succeeded += run.outcome == SUCCEEDED
        failed += run.outcome not in BLAMELESS
        suspect += run.suspect
        if run.cost_usd is not None:
            priced += 1
            cost += run.cost_usd
            estimated += run.cost_usd if run.estimated else 0.0
            subscription += run.cost_usd if run.subscription else 0.0
    return Tally(key, number, succeeded, failed, suspect, priced, cost, estimated, subscription)


def spread(runs: Iterable[PastRun]) -> Optional[Spread]:
    """How long those took that had something to do; None of none."""
    took = sorted(run.duration for run in runs if run.outcome != SKIPPED)
    if not took:
        return None
    p10, median, p90 = (quantile(took, share) or 0.0 for share in (0.1, 0.5, 0.9))
    return Spread(len(took), took[0], p10, median, p90, took[-1])


def failures(runs: Iterable[PastRun]) -> tuple[Failure, ...]:
    """The failed runs by reason, the most frequent first."""
    failed = (run for run in runs if run.outcome not in BLAMELESS)
    found = []
    for (reason, outcome), own in grouped(failed, lambda run: (run.reason, run.outcome)).items():
        hit = Counter(run.task for run in own)
        named = sorted(hit.items(), key=lambda one: (-one[1], one[0]))[:MOST_HIT]
        latest = max(own, key=lambda run: run.at)
        found.append(Failure(reason, outcome, len(own), len(hit), tuple(named), latest))
    return tuple(sorted(found, key=lambda one: (-one.runs, one.reason)))


def grouped(runs: Iterable[PastRun], key: Callable[[PastRun], Any]) -> dict[Any, list[PastRun]]:
    """The runs by what `key` gives of each."""
    found: dict[Any, list[PastRun]] = {}
    for run in runs:
        found.setdefault(key(run), []).append(run)
    return found


def _by_time(runs: Iterable[PastRun], begins: Mapping[float, str]) -> tuple[Tally, ...]:
    """A tally for each span; runs before the first count to it."""
    edges = list(begins)
    groups: list[list[PastRun]] = [[] for _ in edges]
    for run in runs:
        if edges:
            groups[max(0, bisect_right(edges, run.at) - 1)].append(run)
    return tuple(tally(name, own) for name, own in zip(begins.values(), groups))
