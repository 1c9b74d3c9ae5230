"""Budgets: what is spent, reserved and left, as tables and as properties."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.gates.budget import (
    Budget,
    Scope,
    Spent,
    beginning,
    exceeded,
    left,
    newly_near,
    predicted,
    uses,
)

BERLIN = ZoneInfo("Europe/Berlin")
# A Wednesday in the middle of a month, 10:00 in Berlin.
NOW = datetime(2026, 11, 18, 10, tzinfo=BERLIN).timestamp()
HOUR, DAY = 3600.0, 86400.0


def scope(
    budget: Budget, *ended: tuple[float, Optional[float]], reserved: tuple[Optional[float], ...] = ()
) -> Scope:
    """A scope with runs that ended so many hours ago and cost so much."""
    return Scope("Task a", budget, tuple(Spent(NOW - hours * HOUR, cost) for hours, cost in ended), reserved)


@pytest.mark.parametrize(
    ("budget", "ended", "reserved", "cost", "until"),
    [
        (Budget(), ((1, 99.0),), (), 9.0, None),
        (Budget(per_day=5), ((1, 4.0),), (), 1.0, None),
        (Budget(per_day=5), ((1, 4.0),), (), 1.01, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), ((11, 4.0),), (), 1.01, None),
        (Budget(per_24h=5), ((11, 4.0),), (), 1.01, "2026-11-18T23:00:00+01:00"),
        (Budget(per_24h=5), ((25, 4.0),), (), 1.01, None),
        (Budget(per_month=5), ((400, 4.0),), (), 1.01, "2026-12-01T00:00:00+01:00"),
        (Budget(per_month=5), ((500, 4.0),), (), 1.01, None),
        (Budget(per_day=5), ((1, 2.0),), (2.0,), 1.0, None),
        (Budget(per_day=5), ((1, 2.0),), (2.5,), 1.0, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), ((1, None), (2, 4.5)), (), 0.6, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), (), (), 50.0, None),
        (Budget(per_day=5), ((1, 0.1),), (), 50.0, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), ((1, 4.9),), (), None, None),
        (Budget(per_day=5), ((1, 5.0),), (), None, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), (), (0.1,), None, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), (), (None,), 0.1, "2026-11-19T00:00:00+01:00"),
        (Budget(per_day=5), ((1, 5.0),), (), 0.0, "2026-11-19T00:00:00+01:00"),
        (Budget(runs_per_day=2), ((1, None),), (), None, None),
        (Budget(runs_per_day=2), ((1, None),), (None,), None, "2026-11-19T00:00:00+01:00"),
        (Budget(runs_per_day=2), ((1, None), (11, None)), (), None, None),
    ],
)
def test_whether_a_run_fits(
    budget: Budget,
    ended: tuple[tuple[float, Optional[float]], ...],
    reserved: tuple[Optional[float], ...],
    cost: Optional[float],
    until: Optional[str],
) -> None:
    """And when there may be room again: in a new day or month of the local clock, or 24 hours after the oldest run."""
    found = exceeded(scope(budget, *ended, reserved=reserved), cost, NOW, BERLIN)
    assert (None if found is None else found.until) == (until and datetime.fromisoformat(until).timestamp())
    assert found is None or found.message.startswith("Task a: ")


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (6, 1, 24)])
def test_a_day_may_have_23_or_25_hours(month: int, day: int, hours: int) -> None:
    """What was spent in it counts until its own midnight."""
    noon = datetime(2026, month, day, 12, tzinfo=BERLIN)
    midnight = noon.replace(hour=0)
    spent = Scope("All tasks", Budget(per_day=1), (Spent(midnight.timestamp() + 60, 1.0),))
    [use] = uses(spent, noon.timestamp(), BERLIN)
    assert (use.used, use.over - midnight.timestamp()) == (1.0, hours * HOUR)


def test_all_that_counts_is_asked_for() -> None:
    """On the first of a month the last 24 hours reach into the one before."""
    first = datetime(2026, 11, 1, 1, tzinfo=BERLIN)
    assert beginning(first.timestamp(), BERLIN) == (first - timedelta(days=1)).timestamp()
    assert beginning(NOW, BERLIN) == datetime(2026, 11, 1, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("costs", "cap", "expected"),
    [
        ([], None, None),
        ([], 2.0, 2.0),
        ([None, None], 2.0, 2.0),
        ([0.5], None, 0.5),
        ([0.5, None, 3.0], 2.0, 2.0),
        ([float(number) for number in range(1, 11)], None, 10.0),
        ([1.0] * 30 + [99.0] * 30, None, 1.0),
        ([1.0] * 28 + [5.0] * 2, None, 1.0),
        ([1.0] * 26 + [5.0] * 4, None, 5.0),
    ],
)
def test_what_a_run_is_expected_to_cost(
    costs: list[Optional[float]], cap: Optional[float], expected: Optional[float]
) -> None:
    assert predicted(costs, cap) == expected


def test_each_mark_is_told_once_on_the_way_up() -> None:
    """At four fifths of the money or the runs, and when all of it is gone."""
    budget = Budget(per_day=10, runs_per_day=5)
    spent: tuple[tuple[float, float], ...] = ()
    told = []
    for cost in (0.0, 7.9, 0.2, 1.0, 4.0, 1.0):
        spent = (*spent, (1.0, cost))
        told.append(
            [use.key for use in newly_near(uses(scope(budget, *spent), NOW, BERLIN), Spent(NOW, cost))]
        )
    assert told == [[], [], ["per_day"], ["runs_per_day"], ["per_day", "runs_per_day"], []]


def test_a_run_whose_agent_was_not_started_is_none_of_the_runs_of_a_day() -> None:
    budget = Budget(per_day=10, runs_per_day=2)
    skipped = [Spent(NOW - 60 * age, 0.0, counts=False) for age in range(50)]
    full = Scope("Task nightly", budget, (Spent(NOW - 9, 1.0), *skipped))
    assert [use.used for use in uses(full, NOW, BERLIN)] == [1.0, 1.0]
    assert exceeded(full, 1.0, NOW, BERLIN) is None
    assert newly_near(uses(full, NOW, BERLIN), skipped[0]) == []


COSTS = st.lists(st.floats(0, 20), max_size=30)


@given(costs=COSTS, expected=st.none() | st.floats(0, 50), limit=st.floats(0.01, 50))
def test_runs_side_by_side_never_exceed_it_together(
    costs: list[float], expected: Optional[float], limit: float
) -> None:
    """However many ask one after the other, what is spent and reserved stays within the budget, or one run takes all of it."""
    budget = Budget(per_24h=limit)
    reserved: tuple[Optional[float], ...] = ()
    begun = 0
    for _ in range(20):
        if (
            exceeded(
                scope(budget, *((1.0, cost) for cost in costs), reserved=reserved),
                expected,
                NOW,
                timezone.utc,
            )
            is None
        ):
            reserved = (*reserved, expected)
            begun += 1
    spent = sum(costs)
    if begun:
        assert spent < limit
        assert (
            begun == 1 or spent + sum(one or limit for one in reserved) <= limit * 1.000001 or expected == 0
        )
        room = left(scope(budget, *((1.0, cost) for cost in costs)), NOW, timezone.utc)
        assert room is not None
        assert room > 0


RUNS = st.lists(st.tuples(st.floats(0, 40 * 24), st.floats(0, 20)), max_size=20)
LIMITS = st.builds(
    Budget,
    per_day=st.none() | st.floats(0.01, 50),
    per_24h=st.none() | st.floats(0.01, 50),
    per_month=st.none() | st.floats(0.01, 50),
    runs_per_day=st.none() | st.integers(1, 30),
)


@given(runs=RUNS, budget=LIMITS, cost=st.none() | st.floats(0, 60))
def test_whoever_waits_for_room_gets_it(
    runs: list[tuple[float, float]], budget: Budget, cost: Optional[float]
) -> None:
    """Each wait ends in the future, and after a few of them the run begins, whatever it costs, if nothing else does."""
    spent = scope(budget, *runs)
    now = NOW
    for _ in range(len(runs) + 5):
        found = exceeded(spent, cost, now, BERLIN)
        if found is None:
            return
        assert found.until > now
        now = found.until
    raise AssertionError("it waits for ever")


@given(runs=RUNS, budget=LIMITS, cost=st.floats(0, 60), more=st.floats(0, 20))
def test_what_does_not_fit_fits_no_better_when_more_is_spent(
    runs: list[tuple[float, float]], budget: Budget, cost: float, more: float
) -> None:
    if exceeded(scope(budget, *runs), cost, NOW, BERLIN) is not None:
        assert exceeded(scope(budget, *runs, (0.5, more)), cost, NOW, BERLIN) is not None
        assert exceeded(scope(budget, *runs, reserved=(more,)), cost, NOW, BERLIN) is not None
