"""How runs went since a moment: figures of all of them, by day, by task, by model and by reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.index.figures import Figures, by_days, day, figures
from clodputer.store.index.query import Index

# More rows than this nobody reads: of a longer time several days share one.
ROWS = 31


class Stats(NamedTuple):
    """The figures of one task, or of all when `task` is empty; `until` is now (epoch seconds).

    rows: those of the days, of several days together where there are many. of_tasks: by name, only when all were asked for.
    of_models: by name, which is empty for programs and for runs that ended before a model replied.
    """

    task: str
    until: float
    total: Figures
    days: tuple[Figures, ...]
    rows: tuple[Figures, ...]
    of_tasks: Mapping[str, Figures]
    of_models: Mapping[str, Figures]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "stats": {
                "task": self.task or None,
                "since": iso(self.total.since),
                "until": iso(self.until),
                **_figures(self.total),
                "by_reason": [group._asdict() for group in self.total.groups],
                "by_day": [{"day": day(each.since), **_figures(each)} for each in self.days],
                "by_task": [{"task": task, **_figures(each)} for task, each in self.of_tasks.items()],
                "by_model": [
                    {"model": model or None, **_figures(each)} for model, each in self.of_models.items()
                ],
            }
        }


def is_known(home: Home, task: str) -> bool:
    """Whether the log has anything of a task. Raises ClodputerError."""
    with Index(home) as index:
        return bool(index.events(task=task, last=1))


def stats(home: Home, task: str, since: float, now: float) -> Stats:
    """The figures since then, at `now` (epoch seconds). Raises ClodputerError when the log cannot be read."""
    with Index(home) as index:
        total = figures(index, since, now, task)
        # From the first run on: ten years of nothing are no table.
        first = index.first_finished(since, task)
        begin = now if first is None else first
        days = by_days(index, begin, now, task)
        rows = by_days(index, begin, now, task, -(-len(days) // ROWS)) if len(days) > ROWS else days
        names = [] if task else index.tasks(since, now)
        of_tasks = {name: figures(index, since, now, name) for name in names}
        models = index.models(since, now, task)
        of_models = {model: figures(index, since, now, task, model) for model in models}
    return Stats(task, now, total, tuple(days), tuple(rows), of_tasks, of_models)


def _figures(of: Figures) -> dict[str, Any]:
    rate = of.success_rate
    return {
        "runs": of.runs,
        "succeeded": of.succeeded,
        "suspect": of.suspect,
        "success_rate": None if rate is None else round(rate, 4),
        "median_seconds": of.median,
        "p90_seconds": of.p90,
        "cost_usd": round(of.cost_usd, 6),
    }
