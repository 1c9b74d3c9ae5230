"""What a run of claude amounts to that was stopped, or that claude ended after retries and rejections."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agents.streams import (
    ended,
    init,
    judged,
    replayed,
    result,
    said,
)


def test_what_we_did_comes_before_what_the_stream_says() -> None:
    for stopped in ("startup_hang", "stall", "timeout", "output_too_large", "interrupted", "cancelled"):
        report = replayed("sigterm_in_tool", stopped=stopped)
        assert report.outcome.reason == stopped
        assert report.cost_estimated
        assert report.cost_usd, "by the list of prices"
        assert report.usage["input_tokens"] > 0, "a lower bound"


@pytest.mark.parametrize("stopped", ["exit_grace", "interrupted", "timeout", "stall"])
def test_a_result_that_is_there_stays_a_success(stopped: str) -> None:
    end = ended(exit_status=None, signal=9, stopped=stopped)
    assert judged(init(), said("x"), result(), end=end).outcome.reason == "completed"
    failure = judged(init(), result(subtype="error_max_turns", is_error=True), end=end)
    assert failure.outcome.reason == "max_turns"
    unfinished = judged(init(), result(), init(), end=end._replace(stopped="timeout"))
    assert unfinished.outcome.reason == "timeout"


@pytest.mark.parametrize("stopped", ["cancelled", "output_too_large"])
def test_some_stops_stand_even_after_a_result(stopped: str) -> None:
    assert judged(init(), result(), end=ended(143, stopped=stopped)).outcome.reason == stopped


def test_a_plain_429_of_a_subscription_is_no_usage_limit() -> None:
    # Seen on 2.1.329: with an OAuth login each 429 brings a rejection, only without any moment of reset.
    rejected = {
        "type": "rate_limit_event",
        "rate_limit_info": {"status": "rejected", "isUsingOverage": False},
    }
    error = said("x", error="rate_limit", is_api_error_message=True, api_error_status=429)
    failed = result(is_error=True, api_error_status=429)
    assert judged(init(), rejected, error, failed, end=ended(1)).outcome.reason == "overloaded"
    rejected["rate_limit_info"] = {"status": "rejected", "resetsAt": 1795233482}
    limited = judged(init(), rejected, error, failed, end=ended(1))
    assert (limited.outcome.reason, limited.resets_at) == ("usage_limit", 1795233482)


def test_a_rejection_that_was_overcome_is_no_failure() -> None:
    rejected = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1795233482}}
    report = judged(init(), rejected, result())
    assert (report.outcome.reason, report.resets_at) == ("completed", None)


def test_the_message_of_a_stop_tells_what_it_was_at() -> None:
    retry = {"type": "system", "subtype": "api_retry", "error_status": 529, "error": "overloaded"}
    message = judged(
        init(), said("Reading the files."), retry, end=ended(143, stopped="timeout")
    ).outcome.message
    assert message == (
        "It ran longer than 1h (timeout). It had to repeat its requests to the API (overloaded, status 529). "
        "It last said: Reading the files."
    )


@pytest.mark.parametrize(
    ("delays", "reply", "asked"),
    [([], False, None), ([589, 2287], False, 2.287), ([1005], True, None), ([None], False, None)],
)
def test_the_next_attempt_waits_as_long_as_claude_would(
    delays: list[Any], reply: bool, asked: float | None
) -> None:
    """Its last pause before it gave up; after a reply it had no reason to pause any more."""
    retries = [
        {
            "type": "system",
            "subtype": "api_retry",
            "error": "overloaded",
            "error_status": 529,
            "retry_delay_ms": delay,
        }
        for delay in delays
    ]
    end = result(is_error=True, terminal_reason="api_error", api_error_status=529, num_turns=0)
    report = judged(init(), *retries, *([said("x")] if reply else []), end, end=ended(1))
    assert report.outcome.reason == "overloaded"
    assert report.retry_after == asked
