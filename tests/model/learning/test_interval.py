"""Intervals for shares, held against the values that were published, and against what must hold for all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.learning.interval import newcombe, wilson

# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
WILSON = (
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
)
# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10.
NEWCOMBE = (
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((10, 10), (0, 10), 0.6075, 1.0),
)


@pytest.mark.parametrize(("good", "number", "low", "high"), WILSON)
def test_wilson_as_published(good: int, number: int, low: float, high: float) -> None:
    found = wilson(good, number)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("first", "second", "low", "high"), NEWCOMBE)
def test_newcombe_as_published(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = newcombe(first, second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe((0, 0), (0, 0)).low <= -0.7
    assert newcombe((0, 0), (0, 0)).high >= 0.7


COUNTS = st.integers(1, 400).flatmap(lambda number: st.tuples(st.integers(0, number), st.just(number)))


@given(COUNTS)
def test_an_interval_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    good, number = counts
    found, mirrored = wilson(good, number), wilson(number - good, number)
    assert 0.0 <= found.low <= good / number <= found.high <= 1.0
    assert found.low == pytest.approx(1.0 - mirrored.high, abs=1e-9)
    more = wilson(good * 4, number * 4)
    assert more.high - more.low < found.high - found.low


@given(COUNTS, COUNTS)
def test_a_difference_lies_in_its_interval_and_turns_its_sign(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found, turned = newcombe(first, second), newcombe(second, first)
    difference = first[0] / first[1] - second[0] / second[1]
    assert found.low <= difference + 1e-9
    assert found.high >= difference - 1e-9
    assert found.low == pytest.approx(-turned.high, abs=1e-9)
    assert found.low >= -1.0 - 1e-9
    assert found.high <= 1.0 + 1e-9
