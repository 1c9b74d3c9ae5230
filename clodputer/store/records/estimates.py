"""What runs of tasks are expected to take and to cost: one pass over the latest runs of all tasks, however many ask."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import NamedTuple

from clodputer.model.outcome import CANCELLED, LIMITED, LOST, SKIPPED
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.queue.estimate import MOST_RUNS, Ended, Estimate, estimate
from clodputer.store.records.history import History

# So many runs of all tasks are looked at, back to so many seconds ago.
MOST, SINCE = 3000, 30 * 86400.0
# Ends that say nothing about whether the task does its work.
_SAYS_NOTHING = (LIMITED, CANCELLED, LOST)


class Estimates(NamedTuple):
    """Estimates by task, and by task and model where the log names models."""

    tasks: dict[str, Estimate]
    models: dict[tuple[str, str], Estimate]

    def of(self, task: str, model: str = "") -> Estimate:
        """That of a task; by its runs with this model alone where enough of them are known.

        model: as a task file names it. The log has the full name of one that may be written as `opus`.
        """
        if model:
            fitting = [
                one._replace(model=name)
                for (of, name), one in self.models.items()
                if of == task
                and (name == model or model.lower() in name.lower())
                and one.duration is not None
            ]
            if len(fitting) == 1:
                return fitting[0]
        return self.tasks.get(task, Estimate())


def of_home(history: History, now: float) -> Estimates:
    """The estimates of all tasks at `now` (epoch seconds). Raises OSError."""
    tasks: dict[str, list[Ended]] = defaultdict(list)
    models: dict[tuple[str, str], list[Ended]] = defaultdict(list)
    for run in islice(history.runs(now - SINCE), MOST):
        if run.outcome == SKIPPED or started_no_agent(run.reason, run.cost_usd):
            continue
        end = Ended(run.outcome, run.outcome in _SAYS_NOTHING, run.duration, run.cost_usd)
        tasks[run.task].append(end)
        if run.model:
            models[run.task, run.model].append(end)
    return Estimates(
        {task: estimate(ends[:MOST_RUNS]) for task, ends in tasks.items()},
        {key: estimate(ends[:MOST_RUNS]) for key, ends in models.items()},
    )
