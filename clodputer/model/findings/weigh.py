"""How urgent a finding is: its severity times how often its file is changed, as git tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clodputer.model.findings.finding import WEIGHTS

# Changes of the last so many days count, in so many commits at most.
DAYS, MOST_COMMITS = 90, 2000


def score(severity: str, churn: int) -> float:
    """severity times churn: 8, 4, 2 or 1, times 1 for a file that nobody changes, and one more each time its churn doubles.

    churn: lines that were added to or removed from the file lately. By its logarithm: a file that is changed a thousand times
    as much is no thousand times as important.
    """
    return round(WEIGHTS.get(severity, 1) * (1 + math.log2(1 + max(0, churn))), 1)


def churn(numstat: str) -> Mapping[str, int]:
    """Lines added and removed in each file, of what `git log --numstat --format= --no-renames -z` prints."""
    changed: dict[str, int] = {}
    for entry in numstat.split("\0"):
        added, _, rest = entry.strip("\n").partition("\t")
        removed, _, path = rest.partition("\t")
        if path:
            lines = sum(
                int(number) for number in (added, removed) if number.isdecimal()
            )  # "-" for binary files
            changed[path] = changed.get(path, 0) + lines
    return changed
