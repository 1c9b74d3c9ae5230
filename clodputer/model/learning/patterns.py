"""Failures that come again, known by their reason and by what is the same in their messages, and what worked the next time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.learning.interval import wilson
from clodputer.model.learning.judged import is_good, says_something
from clodputer.model.outcome import BLAMELESS
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso

# Of fewer runs nothing comes again. So many patterns are shown, and so many of the runs behind each, the latest.
LEAST, MOST, MOST_RUNS = 3, 10, 5
LONGEST = 160

# What differs between two messages of one kind, with what stands for it; in this order.
_SAME = (
    (re.compile(r"\b(?:https?|ftp|file)://\S+"), "<url>"),
    (re.compile(r"(?<![\w.])~?/[^\s'\"`:;,()]+"), "<path>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,64}\b"), "<id>"),
    (re.compile(r"(?<![\w<])\d+(?:[.,:]\d+)*"), "<n>"),
)


class Remedy(NamedTuple):
    """What was different at the next run, how often it was tried, and how often it helped.

    kind: `retry` (another attempt at the request), `prompt`, `model` or `version` (that had changed), `later` (nothing had).
    """

    kind: str
    uses: int
    good: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs. confidence: the lower bound of the rate of success, in 95 of 100 cases."""
        return {
            "kind": self.kind,
            "uses": self.uses,
            "good": self.good,
            "success_rate": round(self.good / self.uses, 4),
            "confidence": round(self.confidence, 4),
        }

    @property
    def confidence(self) -> float:
        """The least that its rate of success is likely to be."""
        return wilson(self.good, self.uses).low


class Pattern(NamedTuple):
    """A failure that comes again. message: what is the same in all of its messages. run_ids: of the latest, newest first.

    remedies: the most promising first.
    """

    reason: str
    message: str
    runs: int
    first_at: float
    last_at: float
    run_ids: tuple[str, ...]
    remedies: tuple[Remedy, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "reason": self.reason,
            "message": self.message,
            "runs": self.runs,
            "first_at": iso(self.first_at),
            "last_at": iso(self.last_at),
            "run_ids": list(self.run_ids),
            "remedies": [one.to_json() for one in self.remedies],
        }


def same(message: str) -> str:
    """A message without what differs from run to run: numbers, moments, paths, addresses, ids."""
    text = " ".join(message.split())
    for expression, stands in _SAME:
        text = expression.sub(stands, text)
    return text[:LONGEST]


def patterns(runs: Sequence[PastRun]) -> tuple[Pattern, ...]:
    """The failures that come again among the runs of one task, which are in the order of time; the most frequent first."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, run in enumerate(runs):
        if run.outcome not in BLAMELESS:
            groups.setdefault((run.reason, same(run.message)), []).append(place)
    following = _following(runs)
    found = []
    for (reason, message), places in groups.items():
        if len(places) < LEAST:
            continue
        own = [runs[place] for place in places]
        found.append(
            Pattern(
                reason,
                message,
                len(own),
                own[0].at,
                own[-1].at,
                tuple(run.run_id for run in own[: -MOST_RUNS - 1 : -1]),
                _remedies((runs[place], following[place]) for place in places),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.runs, -one.last_at)))[:MOST]


def _following(runs: Sequence[PastRun]) -> list[Optional[PastRun]]:
    """For each run the next attempt at its request that says something, else the next run that does; None of the last."""
    following: list[Optional[PastRun]] = []
    latest: Optional[PastRun] = None
    of_request: dict[str, PastRun] = {}
    for run in reversed(runs):
        following.append(of_request.get(run.request_id) or latest)
        if says_something(run):
            latest = of_request[run.request_id] = run
    return following[::-1]


def _remedies(pairs: Iterator[tuple[PastRun, Optional[PastRun]]]) -> tuple[Remedy, ...]:
    tried: dict[str, list[bool]] = {}
    for failed, then in pairs:
        if then is not None:
            tried.setdefault(_kind(failed, then), []).append(is_good(then))
    found = [Remedy(kind, len(ends), sum(ends)) for kind, ends in tried.items()]
    return tuple(sorted(found, key=lambda one: (-one.confidence, -one.uses, one.kind)))


def _kind(failed: PastRun, then: PastRun) -> str:
    # What nobody knows of one of them did not change.
    for name in ("prompt", "model", "version"):
        before, after = getattr(failed, name), getattr(then, name)
        if before and after and before != after:
            return name
    return "retry" if failed.request_id == then.request_id else "later"
