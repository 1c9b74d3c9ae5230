"""How long runs take where some were stopped, held against published figures, and what they cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.learning.durations import Lasted, costs, durations, reached, survival
from clodputer.model.numbers.quantile import quantile
from tests.model.learning.past import past

# Remission of leukaemia under 6-MP, in weeks, + for those still in it (Freireich and others 1963, as in Gehan 1965).
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
# The product-limit estimate of it, as in Kleinbaum and Klein, Survival Analysis, table 2.1.
PUBLISHED = ((6, 0.8571), (7, 0.8067), (10, 0.7529), (13, 0.6902), (16, 0.6275), (22, 0.5378), (23, 0.4482))


def read(text: str) -> list[Lasted]:
    return [Lasted(float(one.rstrip("+")), one.endswith("+")) for one in text.split()]


def test_the_curve_as_published() -> None:
    curve = survival(read(SIX_MP))
    assert [(seconds, round(share, 4)) for seconds, share in curve] == list(PUBLISHED)
    assert reached(curve, 0.5) == 23
    assert reached(curve, 0.9) is None


@given(st.lists(st.integers(0, 50).map(float), min_size=1, max_size=60))
def test_where_none_was_stopped_it_is_the_share_that_ended(seconds: list[float]) -> None:
    curve = survival([Lasted(one) for one in seconds])
    for after, share in curve:
        assert share == pytest.approx(sum(one > after for one in seconds) / len(seconds))
    for part in (0.5, 0.9):
        found = reached(curve, part)
        assert found is not None
        assert sum(one <= found for one in seconds) >= part * len(seconds) - 1e-6
        assert sum(one < found for one in seconds) < part * len(seconds) + 1e-6


@given(st.lists(st.tuples(st.integers(1, 50).map(float), st.booleans()), max_size=60))
def test_a_curve_only_falls_and_a_stopped_run_never_shortens_it(runs: list[tuple[float, bool]]) -> None:
    known = [Lasted(*one) for one in runs]
    curve = survival(known)
    assert [seconds for seconds, _ in curve] == sorted({one.seconds for one in known if not one.stopped})
    assert all(0 <= share <= 1 for _, share in curve)
    assert [share for _, share in curve] == sorted((share for _, share in curve), reverse=True)
    longer, shorter = reached(curve, 0.5), quantile([one.seconds for one in known], 0.5)
    if longer is not None and shorter is not None and len(known) % 2:
        assert longer >= shorter


def test_which_runs_say_how_long_the_work_takes() -> None:
    runs = [
        past(0, duration=100.0),
        past(1, duration=300.0),
        past(2, "timeout", duration=200.0),
        past(3, "cancelled", duration=50.0),
        past(4, "exit_status", duration=1.0),
        past(5, "nothing_to_do", duration=2.0),
        past(6, duration=3.0, attempt=2),
        past(7, duration=4.0, suspect=True),
        past(8, "cancelled", duration=5.0, cost_usd=0),
    ]
    found = durations(runs)
    assert (found.runs, found.stopped, found.longest) == (4, 2, 300.0)
    # Of four one ended after 100 s when three were at work, and the last one after 300 s.
    assert (found.p50, found.p90) == (300.0, 300.0)
    stopped = durations([past(number, "timeout", duration=60.0) for number in range(9)])
    assert (stopped.p50, stopped.p90, stopped.longest) == (None, None, None)
    assert durations([]).runs == 0


def test_what_runs_cost() -> None:
    runs = [past(number, cost_usd=number / 10) for number in range(1, 11)]
    found = costs([*runs, past(11, "offline", cost_usd=9.0), past(12, cost_usd=None)])
    assert (found.runs, found.p50, found.p90) == (10, 0.6, 1.0)
    assert costs([]) == (0, None, None)
