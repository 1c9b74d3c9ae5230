"""Axes: round numbers for the end of a scale, and positions on a logarithmic one; pure."""

from __future__ import annotations

from math import ceil, floor, log10

# Marks on the axis of durations, in seconds, with their words.
DURATIONS = (
    (0.1, "0.1s"),
    (1.0, "1s"),
    (10.0, "10s"),
    (60.0, "1m"),
    (600.0, "10m"),
    (3600.0, "1h"),
    (6 * 3600.0, "6h"),
    (86400.0, "1d"),
    (7 * 86400.0, "7d"),
)


def top(most: float, *, whole: bool = True) -> float:
    """The round number at which an axis ends that begins at 0: 1, 2 or 5 times a power of ten, not below `most`.

    whole: of things that are counted. Their axis ends at an even number, so that half of it is a number as well.
    """
    if most <= 0:
        return 2.0 if whole else 1.0
    power = 10.0 ** floor(log10(most))
    found = next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= most * (1 - 1e-9))
    if not whole:
        return found
    return float(2 * ceil(max(2.0, found) / 2))


def durations(shortest: float, longest: float) -> list[tuple[float, str]]:
    """The marks of an axis on which durations between these two (seconds) have room: two of them or more."""
    places = range(len(DURATIONS))
    low = max((place for place in places if DURATIONS[place][0] <= shortest), default=0)
    high = min((place for place in places if DURATIONS[place][0] >= longest), default=len(DURATIONS) - 1)
    if low == high:
        low, high = (low - 1, high) if low else (low, high + 1)
    return list(DURATIONS[low : high + 1])


def along(seconds: float, marks: list[tuple[float, str]]) -> float:
    """Where a duration is on the axis of these marks, which is logarithmic: from 0 to 1, what lies outside at its end."""
    low, high = log10(marks[0][0]), log10(marks[-1][0])
    return min(1.0, max(0.0, (log10(max(seconds, 1e-6)) - low) / (high - low)))
