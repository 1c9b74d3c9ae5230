"""Scores: what brings points, and that no request waits for ever for others with more of them."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.queue.estimate import Ended, Estimate, estimate
from clodputer.model.queue.score import MOST, PER_POINT, PER_STEP, Score, Scored, score, turn, waited
from clodputer.model.request import Place
from clodputer.model.task import HIGHEST, LOWEST

ALL = Score(40, 30, 10, 10)
CHEAP = [Ended("succeeded", False, 60.0, 0.01)] * 9 + [Ended("failed", False, 600.0, 2.0)]


@pytest.mark.parametrize(
    ("context", "points", "why"),
    [
        ({}, 0.0, "no severity known"),
        ({"error": {"critical": True}}, 40.0, "severity critical"),
        ({"error": {"critical": False}}, 30.0, "severity error"),
        ({"finding": {"severity": "WARNING"}}, 20.0, "severity warning"),
        ({"finding": {"severity": "of our own"}}, 0.0, "no severity known"),
        ({"event": {"payload": {"severity": "high"}}}, 30.0, "severity high"),
        ({"event": {"payload": {"alert": {"level": "Fatal"}, "severity": "low"}}}, 40.0, "severity fatal"),
        ({"event": {"payload": {"severity": ["high"]}}}, 0.0, "no severity known"),
        ({"event": "high", "finding": None, "error": 5}, 0.0, "no severity known"),
    ],
)
def test_severity(context: dict[str, Any], points: float, why: str) -> None:
    """The worst that is said counts, by words that are known; whatever else comes from outside brings nothing."""
    found = score(Score(severity=40), context, None)
    assert [(piece.name, piece.points, piece.why) for piece in found.pieces] == [("severity", points, why)]


@pytest.mark.parametrize(
    ("labels", "points", "why"),
    [
        (None, 0.0, "no label that names a priority"),
        ([], 0.0, "no label that names a priority"),
        (["bug", "P1"], 22.5, "label P1"),
        ([{"name": "p2"}, {"name": "priority: critical"}], 30.0, "label priority: critical"),
        (["prio/low"], 7.5, "label prio/low"),
        (["priority-high"], 22.5, "label priority-high"),
        (["priority"], 0.0, "no label that names a priority"),
        (["high five", "low"], 0.0, "no label that names a priority"),
        (["P4"], 0.0, "label P4"),
        ([5, None, {"name": 7}], 0.0, "no label that names a priority"),
        (["x"] * 50 + ["P0"], 0.0, "no label that names a priority"),
    ],
)
def test_label(labels: Any, points: float, why: str) -> None:
    for context in ({"issue": {"labels": labels}}, {"event": {"payload": {"issue": {"labels": labels}}}}):
        (piece,) = score(Score(label=30), context, None).pieces
        assert (piece.points, piece.why) == (points, why)


@pytest.mark.parametrize(
    ("past", "success", "cost"),
    [
        (None, (5.0, "0 runs known, fewer than 5: half of the points"), (5.0, "0 runs known")),
        (estimate(CHEAP[:4]), (5.0, "4 runs known, fewer than 5: half of the points"), (5.0, "4 runs known")),
        (
            estimate(CHEAP),
            (9.0, "9 of its last 10 runs succeeded"),
            (10.0, "half of its last 10 runs cost $0.01 or less"),
        ),
        (
            estimate([Ended("failed", False, 1.0, 100.0)] * 5),
            (0.0, "0 of its last 5 runs succeeded"),
            (0.0, "half of its last 5 runs cost $100.00 or less"),
        ),
        (
            estimate([Ended("succeeded", False, 1.0, None)] * 5),
            (10.0, "5 of its last 5 runs succeeded"),
            (5.0, "0 runs known"),
        ),
    ],
)
def test_past_runs(past: Optional[Estimate], success: tuple[float, str], cost: tuple[float, str]) -> None:
    """A task whose runs succeed and cost little goes first; of fewer than five runs nothing is concluded."""
    found = score(Score(success=10, cost=10), {}, past).pieces
    assert (found[0].points, found[0].why) == success
    assert found[1].points == cost[0]
    assert found[1].why.startswith(cost[1])


def test_points_have_a_limit() -> None:
    """The head start has a limit whatever a task file says, and what brings no points is not listed."""
    found = score(Score(100, 100, 100, 0), {"error": {"critical": True}, "issue": {"labels": ["P0"]}}, None)
    assert found.points == MOST
    assert [piece.name for piece in found.pieces] == ["severity", "label", "success", "limit"]
    assert sum(piece.points for piece in found.pieces) == found.points
    assert found.ahead == MOST * PER_POINT * 1_000_000


def test_waiting_brings_points() -> None:
    assert (waited(1500.0).points, waited(1500.0).why) == (2.5, "waits for 25m")
    assert waited(-5.0).points == 0.0


def test_an_estimate_says_nothing_of_few_runs() -> None:
    few, enough = estimate(CHEAP[-4:]), estimate(CHEAP)
    assert (few.runs, few.duration, few.cost) == (4, None, None)
    assert enough.to_json() == {
        "model": None,
        "runs": 10,
        "duration_seconds": {"p50": 60.0, "p90": 600.0},
        "priced_runs": 10,
        "cost_usd": {"p50": 0.01, "p90": 2.0},
    }


# Whatever a request has, no more than this lies between two that came at the same time, in microseconds.
FARTHEST = int((MOST * PER_POINT + (HIGHEST - LOWEST) * PER_STEP) * 1_000_000)

ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, FARTHEST // 3),  # how long after the one before
        st.integers(LOWEST, HIGHEST),
        st.floats(0, MOST),
        st.integers(0, 3),  # how many runs there are before the next one comes
    ),
    min_size=1,
    max_size=60,
)


@given(ARRIVALS)
def test_nothing_starves(arrivals: list[tuple[int, int, float, int]]) -> None:
    """A request is passed only by those that come within a fixed time after it, so that it is run after a bounded number."""
    moments = list(accumulate(after for after, _, _, _ in arrivals))
    places = [
        Place(10**15 + at - Scored(points, ()).ahead, priority, f"id{index}", "x")
        for index, (at, (_, priority, points, _)) in enumerate(zip(moments, arrivals))
    ]
    order: list[int] = []
    waiting: list[int] = []
    waiting_at: dict[int, int] = {}

    def run(times: int) -> None:
        for _ in range(min(times, len(waiting))):
            first = min(waiting, key=lambda index: places[index].turn)
            waiting.remove(first)
            order.append(first)

    for index, (_, _, _, runs) in enumerate(arrivals):
        waiting_at[index] = len(waiting)
        waiting.append(index)
        run(runs)
    run(len(waiting))
    assert sorted(order) == list(range(len(arrivals)))
    for index, at in enumerate(moments):
        before = order[: order.index(index)]
        passed_by = [other for other in before if other > index]
        assert all(moments[other] - at <= FARTHEST for other in passed_by)
        ran_since = [
            other for other in before if other > index or other in _waiting_then(order, index, waiting_at)
        ]
        within = sum(at <= moments[other] <= at + FARTHEST for other in range(index + 1, len(moments)))
        assert len(ran_since) <= waiting_at[index] + within


def _waiting_then(order: list[int], index: int, waiting_at: dict[int, int]) -> set[int]:
    """Those that waited when a request came: of the earlier ones, the last to be run."""
    earlier = [other for other in order if other < index]
    return set(earlier[len(earlier) - waiting_at[index] :])


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.floats(0, MOST),
    st.floats(0, MOST),
    st.integers(0, 10**12),
)
def test_the_order_of_two_never_changes(
    one: int, other: int, points: float, others: float, later: int
) -> None:
    """By points and waiting at any later moment, the same one is first as by the names that they got when they came."""
    now = max(one, other) + later
    by_points = Scored(points, ()).ahead + now - one, Scored(others, ()).ahead + now - other
    by_names = turn(one - Scored(points, ()).ahead, 3), turn(other - Scored(others, ()).ahead, 3)
    assert (by_points[0] > by_points[1]) == (by_names[0] < by_names[1])
