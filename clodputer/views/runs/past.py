"""What the last runs came to: of all tasks, of each task, and what they cost; by the execution log and the index over it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple, Optional

from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import parse_moment
from clodputer.store.home import Home
from clodputer.store.index.query import Finished, Index
from clodputer.store.records import runs
from clodputer.store.records.history import History

# The usual duration is the median of so many of the latest runs that succeeded, in these last two weeks.
USUAL_OF = 10
DAY = 86400.0
USUAL_SINCE = 14 * DAY


class Past(NamedTuple):
    """The last runs of all tasks, latest first, and the cost (US dollars) since two moments."""

    last: tuple[Finished, ...]
    cost_today: float
    cost_week: float


class Habit(NamedTuple):
    """A task's last run, and how long its runs usually take, in seconds; None where there was none yet."""

    last: Optional[Finished]
    usual: Optional[float]


def past(home: Home, now: float, count: int, midnight: float) -> Past:
    """The last `count` runs, and what those since `midnight` and of the last seven days cost. Raises ClodputerError."""
    last = tuple(map(of_past, islice(History(home).runs(), count)))
    with Index(home) as index:
        return Past(last, index.spent(midnight)[1], index.spent(now - 7 * DAY)[1])


def habits(home: Home, tasks: Iterable[str], now: float) -> dict[str, Habit]:
    """The habit of each of these tasks. Raises ClodputerError when the log cannot be read."""
    durations: dict[str, list[float]] = defaultdict(list)
    with Index(home) as index:
        last = index.last_finished()
        for task, one in index.last_finished(SUCCEEDED).items():
            if one.at < now - USUAL_SINCE:
                durations[task].append(one.duration)
        for one in index.finished(now - USUAL_SINCE):
            if one.outcome == SUCCEEDED:
                durations[one.task].append(one.duration)
    return {
        task: Habit(
            last.get(task) or _of_records(home, task),
            quantile(durations[task][-USUAL_OF:], 0.5),
        )
        for task in tasks
    }


def of_past(run: PastRun) -> Finished:
    """The same run, as the index has it."""
    return Finished(
        run.run_id,
        run.task,
        run.request_id,
        run.at,
        run.outcome,
        run.reason,
        run.duration,
        run.cost_usd,
        run.suspect,
    )


def _of_records(home: Home, task: str) -> Optional[Finished]:
    """The last run by its record: the log is kept for a time only, each task's newest record for good."""
    record = next(runs.records(home, task), None)
    if record is None:
        return None
    try:
        return Finished(
            record["run_id"],
            task,
            record["request_id"],
            parse_moment(record["ended_at"], 0.0),
            record["outcome"],
            record["reason"],
            record["duration_seconds"],
            record["cost_usd"],
            bool(record.get("suspect")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # somebody edited it
