"""Quantiles: always one of the values, in its place among them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.numbers.quantile import quantile

VALUES = st.lists(st.floats(0, 1e6), min_size=1)


def test_a_few() -> None:
    """The median of an even number is the upper one; of none there is none."""
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.9) == 3.0
    assert quantile([1.0, 4.0, 2.0, 3.0], 0.5) == 3.0
    assert quantile(range(100), 0.9) == 90
    assert quantile([1.0, 2.0], 1.0) == 2.0


@given(VALUES, st.floats(0, 1))
def test_it_has_its_place(values: list[float], share: float) -> None:
    """At least so large a share is not above it, and no larger one below."""
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) <= share * len(values) + 1e-6
