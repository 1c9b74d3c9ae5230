"""How long requests waited and how many at a time, folded from the events of the execution log; all pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from clodputer.model.numbers.quantile import quantile
from clodputer.model.text.moment import iso, moment_or

# Into so many parts a span is cut for the depth of the queue.
PARTS = 60


class Lag(NamedTuple):
    """How long after their slot times the requests of a task were started, in seconds."""

    task: str
    starts: int
    median: float
    p90: float
    longest: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task,
            "starts": self.starts,
            "median_seconds": self.median,
            "p90_seconds": self.p90,
            "longest_seconds": self.longest,
        }


class Depth(NamedTuple):
    """The most requests that waited at one time, in a part of a span that begins at a moment (epoch seconds)."""

    begin: float
    most: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"begin": iso(self.begin), "most": self.most}


def lags(started: Iterable[Mapping[str, Any]]) -> tuple[Lag, ...]:
    """By task, the longest p90 first. started: events of that name; those of no slot time are passed over."""
    found: dict[str, list[float]] = {}
    for event in started:
        begun, slot = moment_or(event.get("timestamp"), 0.0), moment_or(event.get("slot_time"), 0.0)
        if begun > 0 and slot > 0:
            found.setdefault(str(event.get("task") or ""), []).append(max(0.0, begun - slot))
    rows = [
        Lag(task, len(own), quantile(own, 0.5) or 0.0, quantile(own, 0.9) or 0.0, max(own))
        for task, own in found.items()
    ]
    return tuple(sorted(rows, key=lambda one: (-one.p90, one.task)))


def depths(
    queued: Iterable[Mapping[str, Any]], started: Iterable[Mapping[str, Any]], begin: float, until: float
) -> tuple[Depth, ...]:
    """How many requests waited at most in each of PARTS equal parts of the time from `begin` to `until` (epoch seconds).

    Counted are those that were queued and then started: when one is cancelled instead, it is as if it had never waited.
    """
    since: dict[str, float] = {}
    for event in queued:
        since.setdefault(str(event.get("request_id")), moment_or(event.get("timestamp"), 0.0))
    steps: list[tuple[float, int]] = []
    for event in started:
        at, came = moment_or(event.get("timestamp"), 0.0), since.pop(str(event.get("request_id")), 0.0)
        if 0 < came <= at:
            steps += [(came, 1), (at, -1)]
    return _most(sorted(steps), begin, until) if until > begin and steps else ()


def _most(steps: Sequence[tuple[float, int]], begin: float, until: float) -> tuple[Depth, ...]:
    found, waiting, place = [], 0, 0
    for part in range(PARTS):
        start = begin + (until - begin) * part / PARTS
        end = begin + (until - begin) * (part + 1) / PARTS
        while place < len(steps) and steps[place][0] <= start:
            waiting += steps[place][1]
            place += 1
        most = waiting
        while place < len(steps) and steps[place][0] < end:
            waiting += steps[place][1]
            most = max(most, waiting)
            place += 1
        found.append(Depth(start, most))
    return tuple(found)
