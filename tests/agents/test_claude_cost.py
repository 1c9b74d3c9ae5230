"""What a run of claude has spent: the share of one run in figures that add up over a session."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents.claude.reading import prices
from tests.agents.streams import FACTS, TASK, ended, init, judged, replayed, result, told

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
    report = judged(init(), end=ended(143, stopped="timeout"), facts=FACTS._replace(last=LAST))
    assert report.cost_usd is None
    assert report.session_totals == LAST["session_totals"]


def message(number: int, model: str, **usage: int) -> dict[str, Any]:
    """What claude says in a reply, and what that took."""
    content = {
        "id": f"msg_{number}",
        "model": model,
        "content": [{"type": "text", "text": "x"}],
        "usage": usage,
    }
    return {"type": "assistant", "message": content}


def test_a_run_that_is_cut_off_costs_its_tokens_by_the_list() -> None:
    """At least so much; when its session goes on, the next run's figures are without that."""
    words = message(1, "claude-sonnet-4-6", input_tokens=1000, output_tokens=20, cache_read_input_tokens=500)
    report = judged(init(), words, end=ended(143, stopped="timeout"), facts=FACTS._replace(last=LAST))
    assert report.cost_estimated
    assert report.cost_usd == pytest.approx(prices.cost("claude-sonnet-4-6", (1000, 20, 0, 500)))
    again = {"session_id": "s-1", "session_totals": report.session_totals}
    after = judged(init(), result(modelUsage={"m": USAGE}), facts=FACTS._replace(last=again))
    assert after.cost_usd == pytest.approx(0.2 - (report.cost_usd or 0.0))
    assert not after.cost_estimated


@pytest.mark.parametrize(
    ("model", "tokens", "dollars"),
    [
        ("claude-opus-4-20250514", (1_000_000, 0, 0, 0), 15.0),
        ("claude-opus-4-1-20250805", (0, 1_000_000, 0, 0), 75.0),
        ("claude-opus-4-8", (0, 1_000_000, 0, 0), 25.0),
        ("claude-sonnet-4-6", (1_000_000, 0, 1_000_000, 1_000_000), 3.0 + 3.75 + 0.3),
        ("claude-haiku-4-5-20251001", (0, 1_000_000, 0, 0), 5.0),
        ("claude-3-5-haiku-20241022", (0, 1_000_000, 0, 0), 4.0),
        ("CLAUDE-SONNET-9", (1_000_000, 0, 0, 0), 3.0),
        ("something-new", (1_000_000, 1_000_000, 0, 0), 90.0),
        ("", (0, 0, 0, 0), 0.0),
    ],
)
def test_the_list_of_prices(model: str, tokens: tuple[int, int, int, int], dollars: float) -> None:
    """A model that is not in it is taken for the dearest."""
    assert prices.cost(model, tokens) == pytest.approx(dollars)


@pytest.mark.parametrize(("cap", "stopped"), [(None, ""), (0.0219, ""), (0.0217, "max_cost")])
def test_a_run_is_stopped_when_it_costs_a_tenth_more_than_it_may(cap: Optional[float], stopped: str) -> None:
    """As soon as its stream shows it, subagents included; what has ended is left alone."""
    task = TASK._replace(claude=TASK.claude._replace(max_cost_usd=cap))
    own = message(1, "claude-sonnet-4-6", input_tokens=1000, output_tokens=1000)
    helper = {
        **message(2, "claude-haiku-4-5", input_tokens=1000, output_tokens=1000),
        "parent_tool_use_id": "t",
    }
    progress = told(init(), own, helper, task=task)
    assert progress.notes.tokens.cost == pytest.approx(0.018 + 0.006)
    assert progress.hopeless == stopped
    if stopped:
        report = judged(init(), own, helper, task=task, end=ended(143, stopped="max_cost"))
        assert (report.outcome.reason, report.cost_estimated) == ("max_cost", True)
    dear = result(total_cost_usd=9.0)
    assert (
        told(init(), dear, task=TASK._replace(claude=TASK.claude._replace(max_cost_usd=1.0))).hopeless == ""
    )


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
