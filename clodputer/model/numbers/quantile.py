"""Quantiles: the median and its like, of a few durations; `statistics` would cost more to import than they do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional


def quantile(values: Iterable[float], share: float) -> Optional[float]:
    """The smallest of the values that is not below the given share of them (0 to 1, 0.5 is the median); None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    # One that is there, not one computed between two: no run ever took that long.
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
