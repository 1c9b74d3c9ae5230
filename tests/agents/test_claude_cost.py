"""What a run of claude has spent: the share of one run in figures that add up over a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.streams import FACTS, ended, init, judged, replayed, result, said

USAGE = {"inputTokens": 1000, "outputTokens": 20, "cacheReadInputTokens": 500, "cacheCreationInputTokens": 70}
LAST_USAGE = {
    "input_tokens": 400,
    "output_tokens": 10,
    "cache_read_input_tokens": 500,
    "cache_creation_input_tokens": 0,
}
LAST = {"session_id": "s-1", "session_totals": {"cost_usd": 0.3, "models": {"m": LAST_USAGE}}}


def test_all_classes_of_tokens_and_all_models_count() -> None:
    report = judged(init(), result(modelUsage={"m": USAGE, "n": USAGE}))
    assert report.usage == {
        "input_tokens": 2000,
        "output_tokens": 40,
        "cache_creation_input_tokens": 140,
        "cache_read_input_tokens": 1000,
    }
    assert report.cost_usd == 0.5


def test_a_continued_session_costs_the_difference() -> None:
    facts = FACTS._replace(last=LAST)
    report = judged(init(), result(modelUsage={"m": USAGE}), facts=facts)
    assert report.cost_usd == pytest.approx(0.2)
    assert report.usage == {
        "input_tokens": 600,
        "output_tokens": 10,
        "cache_creation_input_tokens": 70,
        "cache_read_input_tokens": 0,
    }
    assert report.session_totals["cost_usd"] == 0.5
    assert report.session_totals["models"]["m"]["input_tokens"] == 1000


def test_another_session_costs_what_it_says() -> None:
    facts = FACTS._replace(last={**LAST, "session_id": "s-0"})
    assert judged(init(), result(modelUsage={"m": USAGE}), facts=facts).cost_usd == 0.5


def test_smaller_figures_are_taken_as_they_are() -> None:
    facts = FACTS._replace(last=LAST)
    report = judged(init(), result(total_cost_usd=0.1, modelUsage={"m": USAGE}), facts=facts)
    assert (report.cost_usd, report.usage["input_tokens"]) == (0.1, 1000)


def test_a_run_without_a_result_hands_the_earlier_figures_on() -> None:
    report = judged(init(), said("x"), end=ended(143, stopped="timeout"), facts=FACTS._replace(last=LAST))
    assert report.cost_usd is None
    assert report.session_totals == LAST["session_totals"]


def test_a_failed_run_has_its_cost() -> None:
    assert judged(init(), result(is_error=True, subtype="error_max_turns"), end=ended(1)).cost_usd == 0.5


def test_the_recorded_continuation_adds_up() -> None:
    whole = replayed("continued")
    last = {
        "session_id": whole.session_id,
        "session_totals": {**whole.session_totals, "cost_usd": 0.0, "models": {}},
    }
    assert replayed("continued", last=last).cost_usd == whole.cost_usd
    same = {"session_id": whole.session_id, "session_totals": whole.session_totals}
    assert replayed("continued", last=same).cost_usd == 0


@given(
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.sampled_from("mn"),
)
def test_no_difference_is_negative(before: float, now: float, old: int, new: int, model: str) -> None:
    last = {
        "session_id": "s-1",
        "session_totals": {"cost_usd": before, "models": {"m": {"input_tokens": old}}},
    }
    events = init(), result(total_cost_usd=now, modelUsage={model: {"inputTokens": new}})
    report = judged(*events, facts=FACTS._replace(last=last))
    assert report.cost_usd is not None
    assert report.cost_usd >= 0
    assert all(figure >= 0 for figure in report.usage.values())
