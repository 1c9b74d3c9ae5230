"""What is said of a denial, a hook, an error told in prose and a session that cannot be resumed: by the fields of events."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.agents import claude as agent
from clodputer.model.run import Ended
from clodputer.model.task import Claude
from tests.agents.streams import (
    FACTS,
    LAUNCH,
    TASK,
    ended,
    init,
    judged,
    recorded,
    replayed,
    result,
    said,
    told,
)


@pytest.mark.parametrize(
    ("name", "claude", "message"),
    [
        (
            "denied_by_hook",
            Claude(allowed_tools=("Bash(touch:*)",)),
            (
                "Denied: Bash `touch made` (a hook of claude's settings refused it: "
                "Error: PreToolUse:Bash hook error: not at night)."
            ),
        ),
        (
            "denied_by_ask_rule",
            Claude(allowed_tools=("Bash(touch:*)",)),
            (
                "Denied: Bash `touch made` (a rule of claude's settings asks a person about it, "
                "although allowed_tools has it)."
            ),
        ),
        (
            "denied_by_ask_rule",
            Claude(),
            "Denied: Bash `touch made` (a rule of claude's settings asks a person about it).",
        ),
        (
            "denied_by_deny_rule",
            Claude(allowed_tools=("Bash",)),
            "Denied: Bash `touch made` (a deny rule of claude's settings forbids it).",
        ),
        (
            "denied_by_deny_rule",
            Claude(allowed_tools=("Bash",), disallowed_tools=("Bash(touch:*)",)),
            "Denied: Bash `touch made` (a rule of disallowed_tools may be why).",
        ),
        (
            "denied_by_plan_mode",
            Claude(allowed_tools=("Write",), permission_mode="plan"),
            "Denied: Write `/scratch/here/made` (permission_mode: plan does not allow it).",
        ),
    ],
)
def test_the_advice_is_by_the_reason_of_the_denial(name: str, claude: Claude, message: str) -> None:
    """To allow what is allowed already would help nobody."""
    report = replayed(name, TASK._replace(claude=claude))
    assert (report.outcome.reason, report.outcome.message) == ("denied", message)
    assert report.permission_denials[0]["reason_type"]


@pytest.mark.parametrize(
    ("name", "message", "kept"),
    [
        ("hook_stops_the_run", "A hook stopped the run (it answered with continue: false).", None),
        ("hook_blocks_the_prompt", "A UserPromptSubmit hook blocked the prompt: no such words", None),
        ("hook_stops_the_prompt", "A UserPromptSubmit hook stopped the run: enough for tonight", None),
    ],
)
def test_a_hook_that_stops_the_run_is_named(name: str, message: str, kept: Any) -> None:
    report = replayed(name)
    assert (report.outcome.message, report.result) == (message, kept)


def test_a_stop_hook_after_the_reply_undoes_nothing() -> None:
    """The reply was complete and the work done; the record has the hook's word. Before that it is a failure."""
    report = replayed("hook_stops_at_the_end")
    assert (report.outcome.outcome, report.outcome.reason, report.result) == (
        "succeeded",
        "completed",
        "Made.",
    )
    assert "A Stop hook kept it from going on after this reply" in report.outcome.message
    cut = result(terminal_reason="stop_hook_prevented", stop_reason="tool_use")
    for end in (cut, {**cut, "stop_reason": "end_turn", "is_error": True}):
        assert judged(init(), said("Half."), end, end=ended(0)).outcome.reason == "hook"


RETRY = {"type": "system", "subtype": "api_retry", "error_status": 529, "error": "overloaded"}
PROSE = said("API Error: something", id="x")
PROSE["message"]["model"] = "<synthetic>"
REJECTED = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1795233482}}


@pytest.mark.parametrize(
    ("events", "end", "reason"),
    [
        ([init(), RETRY, PROSE, result(is_error=True)], ended(1), "overloaded"),
        ([init(), {**RETRY, "error_status": 503}, PROSE, result(is_error=True)], ended(1), "server_error"),
        ([init(), {**RETRY, "error_status": None, "error": "x"}, result(is_error=True)], ended(1), "offline"),
        ([init(), REJECTED, PROSE, result(is_error=True)], ended(1), "usage_limit"),
        ([init(), RETRY], ended(1), "overloaded"),
        # it was overcome: the failure is another one
        ([init(), RETRY, said("Going on."), result(is_error=True)], ended(1), "agent_error"),
        ([init(), RETRY, said("Going on.")], ended(1), "exit_status"),
        ([init(), PROSE, result(is_error=True)], ended(1), "agent_error"),
    ],
)
def test_an_error_told_in_prose_alone(events: list[Any], end: Ended, reason: str) -> None:
    """What was seen before it says which one it is."""
    assert judged(*events, end=end).outcome.reason == reason


@pytest.mark.parametrize(
    "events",
    [
        [init(), result(), init(), said("more")],
        [init(), result(terminal_reason="aborted_tools")],
        [init(), result(num_turns=0)],
        [init(), result(is_error=True)],
        [init(), said("x")],
    ],
)
def test_what_is_no_end_is_no_result(events: list[Any]) -> None:
    report = judged(*events, end=ended(stopped="timeout"))
    assert report.result is None


def test_a_session_that_could_not_be_resumed_is_named() -> None:
    lines, end = recorded("unknown_session")
    launch = LAUNCH._replace(resumed=True)
    report = agent.interpret(TASK, FACTS, launch, told(*lines), end)
    assert report.outcome.message.endswith("The session could not be resumed; the next run begins a new one.")
    begun = LAUNCH._replace(remark="A new session was begun.")
    report = agent.interpret(TASK, FACTS, begun, told(init(), said("x"), result()), ended())
    assert report.outcome == ("succeeded", "completed", "A new session was begun.")
