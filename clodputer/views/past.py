"""What the last runs came to: of all tasks, of each task, and what they cost; from their records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import nlargest
from statistics import median
from typing import Any, NamedTuple, Optional

from clodputer.model.moment import parse_moment
from clodputer.model.outcome import SUCCEEDED
from clodputer.store import runs
from clodputer.store.home import Home

# The usual duration is the median of so many of the latest runs that succeeded.
USUAL_OF = 10
DAY = 86400.0


class Past(NamedTuple):
    """A run that has ended. Moments in epoch seconds, cost in US dollars (None: not known)."""

    run_id: str
    task: str
    outcome: str
    reason: str
    ended_at: float
    duration: float
    cost: Optional[float]
    trigger: str = ""
    message: str = ""


class Habit(NamedTuple):
    """A task's last run, and how long its runs usually take, in seconds; None where there was none yet."""

    last: Optional[Past]
    usual: Optional[float]


def latest(home: Home, count: int) -> list[Past]:
    """The last `count` runs of all tasks that have ended, the latest first."""
    newest = nlargest(
        count * 2, ((run_id, task) for task in runs.tasks(home) for run_id in runs.ids(home, task))
    )
    found = [past for run_id, task in newest for past in _read(home, task, run_id)]
    return sorted(found, key=lambda past: past.ended_at, reverse=True)[:count]


def habits(home: Home, tasks: Iterable[str]) -> dict[str, Habit]:
    """The habit of each of these tasks."""
    return {task: _habit(home, task) for task in tasks}


def spent(home: Home, since: float) -> float:
    """What the runs that ended after that moment cost together."""
    return sum(past.cost or 0.0 for past in _since(home, since))


def _habit(home: Home, task: str) -> Habit:
    last: Optional[Past] = None
    durations: list[float] = []
    for run_id in runs.ids(home, task)[: 2 * USUAL_OF]:
        for past in _read(home, task, run_id):
            last = last or past
            if past.outcome == SUCCEEDED and len(durations) < USUAL_OF:
                durations.append(past.duration)
    return Habit(last, median(durations) if durations else None)


def _since(home: Home, since: float) -> Iterable[Past]:
    for task in runs.tasks(home):
        for run_id in runs.ids(home, task):
            try:
                # A run id begins with its start, and no run takes longer than a day or two.
                if runs.moment_of(run_id) < since - 2 * DAY:
                    break
            except ValueError:
                continue
            yield from (past for past in _read(home, task, run_id) if past.ended_at >= since)


def _read(home: Home, task: str, run_id: str) -> list[Past]:
    record = runs.record(home, task, run_id)
    past = _past(record) if record else None
    return [past] if past else []


def _past(record: Mapping[str, Any]) -> Optional[Past]:
    try:
        return Past(
            str(record["run_id"]), str(record["task"]), str(record["outcome"]), str(record["reason"]),
            parse_moment(str(record["ended_at"]), 0.0), float(record["duration_seconds"]),
            None if record.get("cost_usd") is None else float(record["cost_usd"]),
            str(record.get("trigger", "")), str(record.get("message", "")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None  # somebody edited it
