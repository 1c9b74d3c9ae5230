"""What past runs teach, gathered: how often the runs of each task did their work, what they take, what changed, what fails."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import tzinfo
from itertools import islice
from typing import Any, NamedTuple

from clodputer.model.learning import changes as change_points
from clodputer.model.learning import durations as lasting
from clodputer.model.learning import patterns as recurring
from clodputer.model.learning.changes import Change
from clodputer.model.learning.durations import Costs, Durations
from clodputer.model.learning.patterns import Pattern
from clodputer.model.learning.rates import Rate, rate, rates
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.tasks import taskfile

# Learned from the runs of these seconds, of so many of them, and of so many of one task: the latest.
SINCE, MOST, MOST_OF_TASK = 90 * 86400.0, 20_000, 2000


class OfTask(NamedTuple):
    """What the runs of one task teach. runs: how many were looked at. by: the rates under each condition.

    changes: the oldest first. patterns: the failures that come again, the most frequent first.
    """

    task: str
    runs: int
    rate: Rate
    by: Mapping[str, tuple[Rate, ...]]
    durations: Durations
    costs: Costs
    changes: tuple[Change, ...]
    patterns: tuple[Pattern, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task,
            "runs": self.runs,
            "rate": _plain(self.rate),
            "by": {name: [one.to_json() for one in found] for name, found in self.by.items()},
            "durations": self.durations.to_json(),
            "costs": self.costs.to_json(),
            "changes": [one.to_json() for one in self.changes],
            "patterns": [one.to_json() for one in self.patterns],
        }


class Learned(NamedTuple):
    """All of it, from `since` to `until` (epoch seconds); by name of the task."""

    since: float
    until: float
    tasks: tuple[OfTask, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "since": iso(self.since),
            "until": iso(self.until),
            "tasks": [{"task": one.task, "runs": one.runs, "rate": _plain(one.rate)} for one in self.tasks],
        }


def past(context: Context, now: float) -> dict[str, list[PastRun]]:
    """The runs of each task from which something is learned at `now` (epoch seconds), in the order of time. Raises OSError."""
    by_task: dict[str, list[PastRun]] = {}
    for run in islice(History(context.home).runs(now - SINCE), MOST):
        own = by_task.setdefault(run.task, [])
        if len(own) < MOST_OF_TASK:
            own.append(run)
    for own in by_task.values():
        own.reverse()
    return by_task


def gather(context: Context, runs: Mapping[str, list[PastRun]], now: float, task: str = "") -> Learned:
    """What these runs teach, of one task or of all; of all tasks, only those with runs.

    Raises ClodputerError for a name that no task has and none had, OSError.
    """
    if task and not os.path.isdir(f"{context.home.runs}/{task}") and task not in taskfile.names(context.home):
        taskfile.load(context.home, task, context.environ)  # raises for a wrong name, with the right one
    here = zone.load("", context.environ)
    names = [task] if task else sorted(runs)
    return Learned(now - SINCE, now, tuple(_of_task(name, runs.get(name, []), here) for name in names))


def _of_task(task: str, runs: list[PastRun], here: tzinfo) -> OfTask:
    return OfTask(
        task,
        len(runs),
        rate("", runs),
        rates(runs, here),
        lasting.durations(runs),
        lasting.costs(runs),
        change_points.changes(runs),
        recurring.patterns(runs),
    )


def _plain(found: Rate) -> dict[str, Any]:
    return {key: value for key, value in found.to_json().items() if key != "value"}
