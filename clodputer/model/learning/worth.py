"""What the runs of a task are worth beside those of other tasks of its lane: work done per dollar, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.learning.interval import wilson
from clodputer.model.learning.judged import is_good, is_judged
from clodputer.model.numbers.quantile import quantile
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import HIGHEST, LOWEST
from clodputer.model.text.money import dollars

# From fewer runs whose costs are known nothing is said of a task; with fewer tasks there is nothing to compare.
LEAST_RUNS, LEAST_TASKS = 8, 3
# A task stands out when it is worth so many times what the middle one is, or so many times less, even at the bound of its rate
# of success that speaks against it.
_OUT = 2.0


class Value(NamedTuple):
    """What is known of a task's runs: how many did their work, of how many, and what these cost in US dollars."""

    good: int
    runs: int
    cost_usd: float

    @property
    def per_dollar(self) -> float:
        """Runs that did their work for each dollar."""
        return self.good / self.cost_usd

    def bounds(self) -> tuple[float, float]:
        """Between which that lies in 95 of 100 cases, as far as the rate of success goes."""
        low, high = wilson(self.good, self.runs)
        return low * self.runs / self.cost_usd, high * self.runs / self.cost_usd


class Worth(NamedTuple):
    """step: by how much the priority of the task moves: -1, 0 or +1. middle: what the middle task of its lane is worth."""

    step: int
    value: Value
    middle: float
    tasks: int

    @property
    def words(self) -> str:
        """Why, in a sentence."""
        compared = {1: "more than twice", -1: "less than half of", 0: "about"}[self.step]
        return (
            f"{self.value.good} of its {self.value.runs} runs did their work for {dollars(self.value.cost_usd)}, "
            f"{self.value.per_dollar:.2g} per dollar: {compared} what the middle of the {self.tasks} tasks of its lane does "
            f"({self.middle:.2g})"
        )


class Adapted(NamedTuple):
    """The priority that a task's requests get, moved by a step of -1, 0 or +1; and why."""

    priority: int
    step: int
    why: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def adapted(priority: int, worth: Optional[Worth]) -> Adapted:
    """The priority (LOWEST to HIGHEST) of a task whose file gives it this one, by what its runs are worth."""
    if worth is None:
        why = f"too little is known: it takes {LEAST_TASKS} tasks in its lane with {LEAST_RUNS} runs each whose costs are known"
        return Adapted(priority, 0, why)
    moved = min(HIGHEST, max(LOWEST, priority + worth.step))
    return Adapted(moved, moved - priority, worth.words)


def by_lane(runs: Iterable[PastRun]) -> dict[str, dict[str, Worth]]:
    """For each lane what its tasks are worth, by the runs that took place in it."""
    groups: dict[str, dict[str, list[PastRun]]] = {}
    for run in runs:
        groups.setdefault(run.lane, {}).setdefault(run.task, []).append(run)
    return {
        lane: worths({task: known for task, own in tasks.items() if (known := value(own)) is not None})
        for lane, tasks in groups.items()
    }


def value(runs: Iterable[PastRun]) -> Optional[Value]:
    """Of the judged runs of a task whose costs are known; None of too few, or where they cost nothing."""
    known = [run for run in runs if is_judged(run) and run.cost_usd is not None]
    cost = sum(run.cost_usd or 0.0 for run in known)
    return (
        Value(sum(map(is_good, known)), len(known), cost) if len(known) >= LEAST_RUNS and cost > 0 else None
    )


def worths(values: Mapping[str, Value]) -> dict[str, Worth]:
    """For each task of one lane what it is worth beside the others; empty with too few of them."""
    if len(values) < LEAST_TASKS:
        return {}
    middle = quantile((one.per_dollar for one in values.values()), 0.5) or 0.0
    if middle <= 0:
        return {}
    found = {}
    for task, one in values.items():
        low, high = one.bounds()
        step = 1 if low > middle * _OUT else -1 if high < middle / _OUT else 0
        found[task] = Worth(step, one, middle, len(values))
    return found
