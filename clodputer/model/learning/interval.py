"""Intervals for shares: how far off a rate of success from few runs may be."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

# The 97.5 % quantile of the normal distribution: for intervals that hold the truth in 95 of 100 cases.
Z95 = 1.959963984540054
# The 95 % quantile: for a bound on one side that holds in 95 of 100 cases.
Z90 = 1.6448536269514722


class Interval(NamedTuple):
    """What holds the true value with the confidence that was asked for."""

    low: float
    high: float


def wilson(successes: int, number: int, z: float = Z95) -> Interval:
    """Wilson's score interval for a share (E. B. Wilson 1927); from nothing at all nothing is known: 0 to 1.

    Unlike the share plus and minus its standard error, it is right for few runs and for shares near 0 and 1.
    """
    if number <= 0:
        return Interval(0.0, 1.0)
    share = successes / number
    weight = z * z / number
    middle = share + weight / 2
    around = z * sqrt((share * (1 - share) + weight / 4) / number)
    # At the ends the formula gives 0 and 1 exactly, but for rounding.
    low = 0.0 if successes == 0 else (middle - around) / (1 + weight)
    high = 1.0 if successes == number else (middle + around) / (1 + weight)
    return Interval(max(0.0, low), min(1.0, high))


def newcombe(first: tuple[int, int], second: tuple[int, int], z: float = Z95) -> Interval:
    """Newcombe's interval for the first share less the second (R. G. Newcombe 1998, method 10); each as successes and number.

    It is put together from the Wilson intervals of both.
    """
    (one, of_one), (two, of_two) = first, second
    a, b = wilson(one, of_one, z), wilson(two, of_two, z)
    p, q = (one / of_one if of_one else 0.5), (two / of_two if of_two else 0.5)
    below = sqrt((p - a.low) ** 2 + (b.high - q) ** 2)
    above = sqrt((a.high - p) ** 2 + (q - b.low) ** 2)
    return Interval(p - q - below, p - q + above)
