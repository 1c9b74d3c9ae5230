"""What runs of claude amount to: recorded streams of the real one as a table, and ends it cannot be made to have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.outcome import REASONS
from clodputer.model.run import Ended
from clodputer.model.task import Claude
from tests.agents.streams import (
    LAUNCH,
    TASK,
    answered,
    called,
    ended,
    init,
    judged,
    names,
    replayed,
    result,
    said,
)

# One line for each recorded stream: the reason it must be given.
REASON_OF = {
    "background_task": "completed",
    "bad_flag": "exit_status",
    "budget": "max_cost",
    "continued": "completed",
    "credit": "billing",
    "cut_mid_stream": "offline",
    "denied": "denied",
    "denied_by_ask_rule": "denied",
    "denied_by_deny_rule": "denied",
    "denied_by_hook": "denied",
    "denied_by_plan_mode": "denied",
    "denied_then_ends_by_limit": "max_turns",
    "empty": "empty",
    "empty_prompt": "exit_status",
    "garbage": "offline",
    "hook_blocks_the_prompt": "hook",
    "hook_stops_at_the_end": "completed",
    "hook_stops_the_prompt": "hook",
    "hook_stops_the_run": "hook",
    "limit": "usage_limit",
    "limit_after_tool": "usage_limit",
    "limit_seven_day": "usage_limit",
    "max_tokens": "max_tokens",
    "max_turns": "max_turns",
    "mcp_failed": "completed",
    "mcp_tool": "completed",
    "no_credentials": "auth",
    "partial_messages": "completed",
    "prompt_too_long": "invalid_request",
    "refusal": "refused",
    "reply": "completed",
    "reply_oauth": "completed",
    "reply_oauth_warned": "completed",
    "reset": "offline",
    "retried_529": "completed",
    "session_in_use": "exit_status",
    "sigint_in_tool": "agent_error",
    "sigkill_waiting": "killed",
    "sigterm_in_tool": "killed",
    "sigterm_waiting": "killed",
    "slash_command": "empty",
    "status_400": "invalid_request",
    "status_401": "auth",
    "status_401_oauth": "auth",
    "status_403": "auth",
    "status_404_model": "model",
    "status_413": "invalid_request",
    "status_429": "overloaded",
    "status_500": "server_error",
    "status_529": "overloaded",
    "structured": "completed",
    "structured_never": "completed",
    "tool_fails": "completed",
    "tool_missing": "completed",
    "tool_timeout": "completed",
    "tool_use": "completed",
    "two_tools_at_once": "completed",
    "unknown_session": "agent_error",
}


def test_every_recorded_stream_is_in_the_table() -> None:
    assert set(names()) <= set(REASON_OF)


@pytest.mark.parametrize("name", names())
def test_a_recorded_run_gets_its_reason(name: str) -> None:
    report = replayed(name)
    assert report.outcome.reason == REASON_OF[name], report.outcome
    assert report.outcome.outcome == REASONS[REASON_OF[name]].outcome
    if report.outcome.reason != "completed":
        assert report.outcome.message


def test_a_reply_is_reported_whole() -> None:
    report = replayed("reply")
    assert isinstance(report.result, str)
    assert report.num_turns == 1
    assert report.cost_usd == report.session_totals["cost_usd"]
    assert report.cost_usd is not None
    assert report.usage["input_tokens"] > 0
    assert report.model.startswith("claude-")
    assert report.agent_version == "2.1.329"
    assert report.session_id != LAUNCH.session_id


def test_a_structured_result_is_the_result() -> None:
    task = TASK._replace(claude=Claude(json_schema={"type": "object"}))
    assert isinstance(replayed("structured", task).result, dict)
    assert replayed("structured_never", task).outcome.reason == "no_structure"


def test_a_usage_limit_says_when_it_ends() -> None:
    for name in ("limit", "limit_seven_day", "limit_after_tool"):
        resets_at = replayed(name).resets_at
        assert resets_at is not None
        assert resets_at > 1.7e9


def test_a_required_server_has_to_be_connected() -> None:
    assert (
        replayed("mcp_tool", TASK._replace(claude=Claude(requires_mcp=("talk",)))).outcome.reason
        == "completed"
    )
    assert (
        replayed("mcp_failed", TASK._replace(claude=Claude(requires_mcp=("fine",)))).outcome.reason
        == "completed"
    )
    failed = replayed("mcp_failed", TASK._replace(claude=Claude(requires_mcp=("fine", "talk", "other"))))
    assert failed.outcome.reason == "mcp"
    assert (
        failed.outcome.message == "MCP servers that are not connected: talk (failed), other (not configured)."
    )


def test_denials_name_the_rule_that_would_have_let_them_through() -> None:
    report = replayed("denied")
    assert "allowed_tools" in report.outcome.message
    assert report.permission_denials
    assert report.result, "what it said all the same is kept"
    ignored = replayed("denied", TASK._replace(claude=Claude(on_denied="ignore")))
    assert ignored.outcome.reason == "completed"
    assert ignored.permission_denials == report.permission_denials


def failed_with(status: int) -> dict[str, Any]:
    return result(is_error=True, api_error_status=status)


DENIED = {"type": "system", "subtype": "permission_denied", "tool_name": "Read"}


@pytest.mark.parametrize(
    ("events", "end", "reason"),
    [
        ([], ended(0), "no_result"),
        ([init()], ended(0), "no_result"),
        ([init(), said("x")], ended(0), "no_result"),
        ([init(), result(), init(), said("more")], ended(0), "no_result"),
        ([init(), result()], ended(1), "exit_status"),
        ([init(), result()], ended(143), "killed"),
        ([init(), result()], ended(None, 11), "killed"),
        ([init(), result(is_error=True)], ended(0), "agent_error"),
        ([init(), result(is_error=None)], ended(0), "agent_error"),
        ([init(), result(num_turns=0)], ended(0), "empty"),
        ([init(), result(num_turns=None)], ended(0), "empty"),
        ([init(), result(num_turns="many")], ended(0), "empty"),
        ([init(), result(result=" \n")], ended(0), "empty"),
        ([init(), result(result=None)], ended(0), "empty"),
        ([init(), result(result=None, structured_output=[])], ended(0), "completed"),
        ([init(), result(subtype="error_during_execution")], ended(0), "agent_error"),
        ([init(), result(terminal_reason="aborted_tools")], ended(0), "agent_error"),
        ([init(), result(terminal_reason="prompt_too_long")], ended(0), "invalid_request"),
        ([init(), result(terminal_reason=None)], ended(0), "completed"),
        ([init(), result(stop_reason="refusal")], ended(0), "refused"),
        ([init(), result(stop_reason="max_tokens")], ended(0), "max_tokens"),
        # 2.1.197: the terminal_reason of an API error is "completed"; the message's event tells the rest.
        ([init(), said("x", error="authentication_failed"), result(is_error=True)], ended(1), "auth"),
        ([init(), said("x", error="server_error"), failed_with(503)], ended(1), "server_error"),
        ([init(), said("x", error="unknown"), failed_with(418)], ended(1), "invalid_request"),
        # it died of the error, without a result
        ([init(), said("x", error="billing_error", is_api_error_message=True)], ended(1), "billing"),
        # the model has spoken again since
        ([init(), said("x", error="server_error"), said("y")], ended(1), "exit_status"),
        # plan and auto mode end so when they refuse to act (2.1.329)
        (
            [init(), result(permission_denials=[{"tool_name": "Write", "tool_use_id": "t"}])],
            ended(1),
            "denied",
        ),
        # seen in system events only
        ([init(), DENIED, result()], ended(0), "denied"),
    ],
)
def test_ends_that_the_real_one_cannot_be_made_to_have(events: list[Any], end: Ended, reason: str) -> None:
    assert judged(*events, end=end).outcome.reason == reason


def test_unreadable_lines_are_told_when_the_result_is_missing() -> None:
    assert "could not be read: 1." in judged(init(), b'{"type":"resu').outcome.message


def mostly(good: Any, *bad: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([good, good, good, *bad])


@given(
    end=st.builds(
        Ended,
        mostly(0, 1, 143, None),
        mostly(None, 9),
        mostly("", "exit_grace", "timeout", "stall"),
        st.just(""),
        st.just(()),
    ),
    fields=st.fixed_dictionaries(
        {
            "subtype": mostly("success", "error_max_turns", 1),
            "is_error": mostly(False, True, None, "no"),
            "num_turns": mostly(1, 0, -1, None, True),
            "terminal_reason": mostly("completed", "other", None),
            "result": mostly("done", "", None, {}),
            "stop_reason": mostly("end_turn", "refusal"),
            "api_error_status": mostly(None, 500),
            "permission_denials": mostly([], [{"tool_name": "Write"}], [3]),
        }
    ),
    after=st.lists(st.sampled_from([b"torn", init(), said("x")]), max_size=1),
    server=mostly("connected", "failed", "pending"),
)
def test_success_means_every_condition(
    end: Ended, fields: dict[str, Any], after: list[Any], server: str
) -> None:
    task = TASK._replace(claude=Claude(requires_mcp=("s",)))
    events = [init(mcp_servers=[{"name": "s", "status": server}]), said("x"), result(**fields), *after]
    report = judged(*events, end=end, task=task)
    if report.outcome.reason == "completed":
        assert (end.exit_status, end.signal) == (0, None) or end.stopped
        assert fields["is_error"] is False
        assert fields["num_turns"] == 1
        assert fields["result"] == "done"
        assert fields["subtype"] == "success"
        assert fields["terminal_reason"] in ("completed", None)
        assert not fields["permission_denials"]
        assert not after or after == [b"torn"]
        assert server == "connected"


def test_a_call_and_its_answer_do_not_hide_the_end() -> None:
    assert (
        judged(init(), called("t1", command="ls"), answered("t1"), said("x"), result()).outcome.reason
        == "completed"
    )
