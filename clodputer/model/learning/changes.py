"""Points at which the runs of a task changed: how long they take, what they cost, how often they go well; and suspects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import exp
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.learning.durations import lasted
from clodputer.model.learning.interval import newcombe
from clodputer.model.learning.judged import is_good, is_judged, item_kind, says_something
from clodputer.model.numbers.quantile import quantile
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso

# On each side of a change there are so many runs at least; medians differ by this factor, and rates by so much.
LEAST, RATIO, DIFFERENCE = 8, 1.25, 0.2
# How often a change may be seen where there is none. Several series are looked at, and each in several places.
ALPHA = 0.01
# So many runs on each side of the point say what changed there; so large a part of them has the same value.
_AROUND, _MOST = 8, 0.75
# At most so many changes of each series are shown, the latest.
MOST = 5

DURATION, COST, SUCCESS = "duration", "cost", "success"


class Suspect(NamedTuple):
    """A condition that changed where the runs did, and its values before and after; empty for an unknown one."""

    condition: str
    before: str
    after: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"condition": self.condition, "before": self.before or None, "after": self.after or None}


class Change(NamedTuple):
    """One change. what: DURATION, COST or SUCCESS. before, after: medians in seconds or US dollars, or rates.

    at: when the first run after it ended (epoch seconds); run_id: which that was. p: how likely so much of a difference is
    without any change, by Pettitt's approximation.
    """

    what: str
    at: float
    run_id: str
    before: float
    after: float
    runs_before: int
    runs_after: int
    p: float
    suspects: tuple[Suspect, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "what": self.what,
            "at": iso(self.at),
            "run_id": self.run_id,
            "before": round(self.before, 6),
            "after": round(self.after, 6),
            "runs_before": self.runs_before,
            "runs_after": self.runs_after,
            "p": float(f"{self.p:.3g}"),
            "suspects": [one.to_json() for one in self.suspects],
        }


def changes(runs: Sequence[PastRun]) -> tuple[Change, ...]:
    """The changes among the runs of one task, the oldest first; in the order of time."""
    found: list[Change] = []
    for what, value in _SERIES.items():
        series = [(run, number) for run in runs if (number := value(run)) is not None]
        points = split([number for _, number in series], _differ_rates if what == SUCCESS else _differ)
        found += list(_described(what, series, points))[-MOST:]
    return tuple(sorted(found, key=lambda one: (one.at, one.what)))


def pettitt(values: Sequence[float]) -> tuple[int, float]:
    """Where a series of at least two values most likely changes, and how likely so much of a difference is without a change.

    A. N. Pettitt 1979, by ranks; the place is the number of values before the change. The probability is the approximation
    2 exp(-6 K^2 / (n^3 + n^2)), at most 1.
    """
    number = len(values)
    ranks = _ranks(values)
    total, place, largest = 0.0, 1, -1.0
    for before in range(1, number):
        total += 2 * ranks[before - 1]
        size = abs(total - before * (number + 1))
        if size > largest:
            place, largest = before, size
    return place, min(1.0, 2 * exp(-6 * largest**2 / (number**3 + number**2)))


def split(
    values: Sequence[float], differ: Callable[[Sequence[float], Sequence[float]], bool]
) -> list[tuple[int, float]]:
    """The places at which a series changes, in order, with the probability of each: binary segmentation by Pettitt's test.

    differ: whether two neighbouring parts differ enough to matter.
    """
    found: list[tuple[int, float]] = []
    open_parts = [(0, len(values))]
    while open_parts:
        begin, end = open_parts.pop()
        if end - begin < 2 * LEAST:
            continue
        place, p = pettitt(values[begin:end])
        middle = begin + place
        if (
            p > ALPHA
            or min(place, end - middle) < LEAST
            or not differ(values[begin:middle], values[middle:end])
        ):
            continue
        found.append((middle, p))
        open_parts += [(begin, middle), (middle, end)]
    return sorted(found)


def suspects(before: Sequence[PastRun], after: Sequence[PastRun]) -> tuple[Suspect, ...]:
    """What changed between the last runs before a point and the first ones after it."""
    found = []
    for name, value in _CONDITIONS.items():
        one = _usual(map(value, before[-_AROUND:]))
        two = _usual(map(value, after[:_AROUND]))
        if one is not None and two is not None and one != two:
            found.append(Suspect(name, one, two))
    return tuple(found)


def _seconds(run: PastRun) -> Optional[float]:
    known = lasted(run)
    return known.seconds if known else None


def _dollars(run: PastRun) -> Optional[float]:
    return run.cost_usd if says_something(run) and run.attempt == 1 else None


def _success(run: PastRun) -> Optional[float]:
    return float(is_good(run)) if is_judged(run) else None


_SERIES: dict[str, Callable[[PastRun], Optional[float]]] = {
    DURATION: _seconds,
    COST: _dollars,
    SUCCESS: _success,
}
_CONDITIONS: dict[str, Callable[[PastRun], str]] = {
    "prompt": lambda run: run.prompt,
    "model": lambda run: run.model,
    "version": lambda run: run.version,
    "item": item_kind,
}


def _described(
    what: str, series: Sequence[tuple[PastRun, float]], points: Sequence[tuple[int, float]]
) -> Iterator[Change]:
    edges = [0, *(place for place, _ in points), len(series)]
    for number, (place, p) in enumerate(points, 1):
        before, after = series[edges[number - 1] : place], series[place : edges[number + 1]]
        first = after[0][0]
        yield Change(
            what,
            first.at,
            first.run_id,
            _level(what, before),
            _level(what, after),
            len(before),
            len(after),
            p,
            suspects([run for run, _ in before], [run for run, _ in after]),
        )


def _level(what: str, part: Sequence[tuple[PastRun, float]]) -> float:
    values = [number for _, number in part]
    return sum(values) / len(values) if what == SUCCESS else quantile(values, 0.5) or 0.0


def _differ(before: Sequence[float], after: Sequence[float]) -> bool:
    low, high = sorted((quantile(before, 0.5) or 0.0, quantile(after, 0.5) or 0.0))
    return high > 0 and (low <= 0 or high / low >= RATIO)


def _differ_rates(before: Sequence[float], after: Sequence[float]) -> bool:
    bounds = newcombe((int(sum(before)), len(before)), (int(sum(after)), len(after)))
    share = sum(before) / len(before) - sum(after) / len(after)
    return abs(share) >= DIFFERENCE and (bounds.low > 0 or bounds.high < 0)


def _usual(values: Iterator[str]) -> Optional[str]:
    """The value that most of them have; None when no one does."""
    counted = Counter(values)
    if not counted:
        return None
    value, number = counted.most_common(1)[0]
    return value if number >= _MOST * sum(counted.values()) else None


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 1 on; equal ones share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end < len(order) and values[order[end]] == values[order[begin]]:
            end += 1
        for place in order[begin:end]:
            ranks[place] = (begin + 1 + end) / 2
        begin = end
    return ranks
