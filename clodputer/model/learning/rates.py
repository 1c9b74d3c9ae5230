"""Rates of success under each condition: which model, which prompt, which version, which hour, what it was about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.learning.interval import Interval, wilson
from clodputer.model.learning.judged import is_good, is_judged, item_kind
from clodputer.model.runs.pastrun import PastRun

# Of each condition so many values are shown, those with most runs.
MOST_VALUES = 24


class Rate(NamedTuple):
    """How many runs did their work, of how many that say something about it. value: of the condition; empty where unknown."""

    value: str
    good: int
    runs: int

    @property
    def share(self) -> Optional[float]:
        """From 0 to 1; None of no runs."""
        return self.good / self.runs if self.runs else None

    @property
    def interval(self) -> Interval:
        """What holds the true rate in 95 of 100 cases."""
        return wilson(self.good, self.runs)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        low, high = self.interval
        return {
            "value": self.value or None,
            "good": self.good,
            "runs": self.runs,
            "rate": None if self.share is None else round(self.share, 4),
            "low": round(low, 4),
            "high": round(high, 4),
        }


def hour_of(run: PastRun, zone: Optional[tzinfo]) -> str:
    """The hour of the day in which a run began, as a clock in that zone shows it: `07`; by the clock here without a zone."""
    return f"{datetime.fromtimestamp(run.at - run.duration, zone):%H}"


# The conditions of a run by the names under which they are shown.
CONDITIONS: Mapping[str, Callable[[PastRun, Optional[tzinfo]], str]] = {
    "model": lambda run, zone: run.model,  # noqa: ARG005
    "prompt": lambda run, zone: run.prompt,  # noqa: ARG005
    "version": lambda run, zone: run.version,  # noqa: ARG005
    "hour": hour_of,
    "item": lambda run, zone: item_kind(run),  # noqa: ARG005
}


def rate(value: str, runs: Iterable[PastRun]) -> Rate:
    """The rate of those among the runs that say something about their task."""
    good = number = 0
    for run in runs:
        if is_judged(run):
            number += 1
            good += is_good(run)
    return Rate(value, good, number)


def rates(runs: Sequence[PastRun], zone: Optional[tzinfo] = None) -> dict[str, tuple[Rate, ...]]:
    """The rates under each condition: hours in the order of the day, others with most runs first."""
    judged = [run for run in runs if is_judged(run)]
    found = {}
    for name, condition in CONDITIONS.items():
        groups: dict[str, list[PastRun]] = {}
        for run in judged:
            groups.setdefault(condition(run, zone), []).append(run)
        by_value = [rate(value, group) for value, group in groups.items()]
        by_value.sort(key=lambda one: one.value if name == "hour" else (-one.runs, one.value))
        found[name] = tuple(by_value[:MOST_VALUES])
    return found
