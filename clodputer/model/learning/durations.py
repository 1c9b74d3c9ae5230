"""How long the work of a task takes, also where a timeout has cut some of it off, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.learning.judged import says_something
from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import CANCELLED, SUCCEEDED
from clodputer.model.runs.pastrun import PastRun

# Stopped while it was at work, so that it would have taken longer.
_STOPPED = frozenset(("timeout",))


class Lasted(NamedTuple):
    """How long a run took, in seconds; when it was stopped, it would have taken longer."""

    seconds: float
    stopped: bool = False


class Durations(NamedTuple):
    """Half of the runs need at most p50 seconds, nine of ten at most p90; None where too many were stopped before to say so.

    runs: how many of them are known; stopped: how many of these were stopped at a timeout or by a person. longest: of those
    that ended by themselves.
    """

    runs: int
    stopped: int
    p50: Optional[float]
    p90: Optional[float]
    longest: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "runs": self.runs,
            "stopped": self.stopped,
            "p50_seconds": self.p50,
            "p90_seconds": self.p90,
            "longest_seconds": self.longest,
        }


class Costs(NamedTuple):
    """Half of the runs cost at most p50 US dollars, nine of ten at most p90. runs: those whose costs are known."""

    runs: int
    p50: Optional[float]
    p90: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"runs": self.runs, "p50_usd": self.p50, "p90_usd": self.p90}


def lasted(run: PastRun) -> Optional[Lasted]:
    """How long a first attempt took that did its work or was stopped at it; None for one that failed, which says neither."""
    if run.attempt != 1:
        return None  # it may have gone on with what an earlier one had done
    if run.outcome == SUCCEEDED and not run.suspect:
        return Lasted(run.duration)
    if run.reason in _STOPPED or (run.outcome == CANCELLED and run.cost_usd != 0):
        return Lasted(run.duration, stopped=True)
    return None


def durations(runs: Iterable[PastRun]) -> Durations:
    """How long these runs take."""
    known = [one for one in map(lasted, runs) if one is not None]
    ended = [one.seconds for one in known if not one.stopped]
    curve = survival(known)
    return Durations(
        len(known),
        len(known) - len(ended),
        reached(curve, 0.5),
        reached(curve, 0.9),
        max(ended, default=None),
    )


def costs(runs: Iterable[PastRun]) -> Costs:
    """What runs cost whose agent was at work and whose costs are known."""
    known = [run.cost_usd for run in runs if says_something(run) and run.cost_usd is not None]
    return Costs(len(known), quantile(known, 0.5), quantile(known, 0.9))


def survival(known: Sequence[Lasted]) -> list[tuple[float, float]]:
    """The share of runs that still go on after so many seconds, at each duration at which one ended by itself.

    The product-limit estimate (E. L. Kaplan, P. Meier 1958): those that were stopped count as going on until then.
    """
    at_work, share = len(known), 1.0
    curve: list[tuple[float, float]] = []
    # Of those at the same second the stopped ones come last: they were still at work then.
    for one in sorted(known):
        if not one.stopped:
            share *= 1 - 1 / at_work
            if curve and curve[-1][0] == one.seconds:
                curve.pop()
            curve.append((one.seconds, share))
        at_work -= 1
    return curve


def reached(curve: Sequence[tuple[float, float]], part: float) -> Optional[float]:
    """The seconds after which this part of the runs has ended; None when the curve does not come so far down."""
    # Products of fractions miss the share that they stand for by a rounding.
    return next((seconds for seconds, share in curve if share <= 1 - part + 1e-9), None)
