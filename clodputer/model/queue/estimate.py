"""What a run of a task is expected to take and to cost, from its latest runs; nothing is said from fewer than five."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.queue.score import LEAST_RUNS
from clodputer.model.text.moment import format_duration, iso

# Of a task's runs the latest so many count.
MOST_RUNS = 100
# So many queued requests are put into slots one after the other to see when the last of them ends.
_MOST_SIMULATED = 1000


class Ended(NamedTuple):
    """The end of a run, as far as it says something about the next one. blameless: it says nothing about whether the
    task does its work.

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
    known. duration: in seconds; cost: in US dollars; each None where too few runs are known. model: that all of them used,
    where only such runs were counted.
    """

    runs: int = 0
    succeeded: int = 0
    judged: int = 0
    priced: int = 0
    duration: Optional[Spread] = None
    cost: Optional[Spread] = None
    model: str = ""

    @property
    def words(self) -> str:
        """What a run usually takes and costs, and by how many runs; empty where too few are known."""
        if self.duration is None:
            return ""
        money = f", {dollars(self.cost.p50)} to {dollars(self.cost.p90)}" if self.cost else ""
        took = f"{format_duration(self.duration.p50)} to {format_duration(self.duration.p90)}"
        return f"{took}{money}, by {self.runs} runs"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "model": self.model or None,
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


class Expected(NamedTuple):
    """When a lane's queue will be through, and what that costs, if nothing keeps it waiting and nothing else comes.

    requests: how many are queued. known: of how many of those that were looked at the tasks have estimates; what they have
    stands for all. seconds: the work that is left, also of what runs; as if all took as long as half of the runs do, and as
    nine of ten. cost: of what is queued, in US dollars. end: with so many side by side as the lane has slots, epoch seconds.
    """

    lane: str
    requests: int
    looked_at: int
    known: int
    seconds: Optional[Spread] = None
    cost: Optional[Spread] = None
    end: Optional[Spread] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "lane": self.lane,
            "requests": self.requests,
            "looked_at": self.looked_at,
            "known": self.known,
            "seconds": self.seconds and self.seconds.to_json(),
            "cost_usd": self.cost and self.cost.to_json(),
            "end": self.end and {"p50": iso(self.end.p50), "p90": iso(self.end.p90)},
        }


def expected(
    lane: str,
    requests: int,
    queued: Sequence[Estimate],
    running: Iterable[tuple[Estimate, float]],
    slots: int,
    now: float,
) -> Expected:
    """What a lane's queue of so many requests amounts to at `now` (epoch seconds).

    queued: the estimates of the first of them. running: those of what runs, each with the seconds for which it does.
    """
    timed = [one.duration for one in queued if one.duration is not None]
    priced = [one.cost for one in queued if one.cost is not None]
    if not timed:
        return Expected(lane, requests, len(queued), 0)
    left = [_left(one.duration, seconds) for one, seconds in running if one.duration is not None]
    own = _times(_sum(timed), requests / len(timed))
    seconds = _sum([own, *left])
    end = Spread(
        *(
            now + _through([one[half] for one in timed], requests, [one[half] for one in left], slots)
            for half in (0, 1)
        )
    )
    return Expected(
        lane,
        requests,
        len(queued),
        len(timed),
        seconds,
        _times(_sum(priced), requests / len(priced)) if priced else None,
        end,
    )


def dollars(amount: float) -> str:
    """An amount in US dollars, as short as it is honest."""
    return f"${amount:.2f}" if amount >= 0.005 or not amount else "under 1 cent"


def _through(known: Sequence[float], requests: int, left: Sequence[float], slots: int) -> float:
    """After how many seconds so many requests are through, of which the first take as long as is known, and the others as long
    as these do on average. left: how long each run that goes on still takes.

    Each begins in the slot that is free first. Of very many the rest is spread evenly.
    """
    usual = sum(known) / len(known)
    # Where more go on than may, the next one begins when few enough are left.
    free = sorted(left)[-max(1, slots) :]
    free = [0.0] * (max(1, slots) - len(free)) + free
    heapify(free)
    simulated = min(requests, _MOST_SIMULATED)
    for number in range(simulated):
        heapreplace(free, free[0] + (known[number] if number < len(known) else usual))
    return max(free) + (requests - simulated) * usual / len(free)


def _left(spread: Spread, elapsed: float) -> Spread:
    return Spread(max(0.0, spread.p50 - elapsed), max(0.0, spread.p90 - elapsed))


def _sum(spreads: Iterable[Spread]) -> Spread:
    spreads = list(spreads)
    return Spread(sum(one.p50 for one in spreads), sum(one.p90 for one in spreads))


def _times(spread: Spread, factor: float) -> Spread:
    return Spread(spread.p50 * factor, spread.p90 * factor)
