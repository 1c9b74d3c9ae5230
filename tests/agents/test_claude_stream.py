"""The fold over claude's stream: what each event does to the progress, and that nothing on a line can upset it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.agents import claude, lines
from clodputer.agents.claude.reading import stream, tokens
from clodputer.model.run import Progress
from clodputer.model.task import Claude, Task
from tests.agents.streams import (
    FACTS,
    LAUNCH,
    TASK,
    answered,
    called,
    ended,
    init,
    names,
    recorded,
    result,
    said,
    told,
)
from tests.examples import examples


def state(progress: Progress) -> tuple[bool, bool, bool]:
    return progress.started, progress.busy, progress.done


def test_the_states_of_a_run() -> None:
    assert state(told()) == (False, False, False)
    assert state(told(init())) == (True, False, False)
    assert state(told(init(), called("a"), called("b"), answered("a"))) == (True, True, False)
    assert state(told(init(), called("a"), called("b"), answered("a"), answered("b"))) == (True, False, False)
    assert state(told(init(), said("x"), result())) == (True, False, True)
    assert state(told(init(), result(), init())) == (True, False, False)
    assert state(told(init(), result(), said("more"))) == (True, False, False)
    assert state(told(init(), result(), said("more"), result())) == (True, False, True)


def test_commands_in_the_background_keep_it_busy_after_a_result() -> None:
    running = {"type": "system", "subtype": "background_tasks_changed", "tasks": [{"task_id": "b1"}]}
    assert state(told(init(), running, result())) == (True, True, False)
    assert state(told(init(), running, result(), {**running, "tasks": []})) == (True, False, True)


@pytest.mark.parametrize("name", names())
def test_no_recorded_stream_ends_with_a_tool_running(name: str) -> None:
    recording = recorded(name)
    progress = told(*recording.lines)
    assert progress.started == bool(recording.lines)
    assert not progress.busy  # SIGTERM in a tool as well: claude tells of the end of its tool before its own
    assert progress.notes.unreadable == 0


def test_torn_lines_are_counted_and_passed_over() -> None:
    progress = told(
        init(), b'{"type":"assis', b"\xff\xfe", b"[1, 2]", b"", b"  ", b"NaN", said("x"), result()
    )
    assert progress.notes.unreadable == 4
    assert progress.done


def test_noise_is_not_a_first_event() -> None:
    assert not told(b"Warning: something").started


def test_a_tool_result_that_cannot_be_read_still_ends_its_call() -> None:
    long = json.dumps(answered("call-1")).encode() + b" " * lines.LONGEST
    assert not told(init(), called("call-1"), long).busy
    assert told(init(), called("call-2"), long).busy
    assert not told(init(), called("call-1"), json.dumps(answered("call-1")).encode()[:-5]).busy


def test_halves_of_surrogate_pairs_can_be_written_down() -> None:
    report = claude.interpret(TASK, FACTS, LAUNCH, told(init(), result(result="a\ud800b")), ended())
    assert report.result == "a?b"
    whole = told(init(), result(result="\U0001f600")).notes.result
    assert whole["result"] == "\U0001f600"


def test_tokens_count_once_for_each_message() -> None:
    first = said("a")
    grown = {**first, "message": {**first["message"], "usage": {"input_tokens": 10, "output_tokens": 5}}}
    other = {**first, "message": {**first["message"], "id": "msg_2"}}
    assert told(init(), first, first, grown, other, first).notes.tokens.sums == (20, 6, 0, 0)


def test_memory_stays_bounded_over_a_long_run() -> None:
    progress = told(init())
    for number in range(2000):
        progress = claude.observe(progress, json.dumps(called(f"t{number}", command="x" * 5000)).encode())
        denied = {
            "type": "system",
            "subtype": "permission_denied",
            "tool_use_id": f"t{number}",
            "tool_name": "Bash",
        }
        progress = claude.observe(progress, json.dumps(denied).encode())
    notes = progress.notes
    assert len(notes.open_tools) <= stream.MOST_TOOLS
    assert len(notes.denials) <= stream.MOST_DENIALS
    assert len(notes.tokens.recent) <= tokens.MOST_MESSAGES
    assert all(len(tool.input["command"]) <= 500 for tool in notes.open_tools.values())


def test_the_model_that_answered_is_the_one_reported() -> None:
    fallback = said("x")
    fallback["message"] = {**fallback["message"], "model": "m-2"}
    assert told(init(), fallback).notes.model == "m-2"
    assert told(init(), {**fallback, "parent_tool_use_id": "t1"}).notes.model == "m-1"


def test_the_rejected_window_counts_and_not_the_farthest() -> None:
    info = {
        "status": "rejected",
        "resetsAt": 300,
        "unifiedWindows": {
            "five_hour": {"status": "rejected", "resetsAt": 100},
            "seven_day": {"status": "allowed", "resetsAt": 900},
        },
    }
    event: dict[str, Any] = {"type": "rate_limit_event", "rate_limit_info": info}
    assert told(init(), event).notes.resets_at == 100
    info["unifiedWindows"]["seven_day"]["status"] = "rejected"  # type: ignore[index]
    assert told(init(), event).notes.resets_at == 900
    info["status"] = "allowed_warning"
    assert told(init(), event).notes.resets_at is None


def test_partial_messages_change_nothing() -> None:
    event = {"type": "stream_event", "event": {"type": "content_block_delta"}}
    assert told(init(), event, result()).notes == told(init(), result()).notes


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BLOCK = JSON | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "tool_use", "tool_result"]),
        "id": JSON,
        "name": JSON,
        "input": JSON,
        "text": JSON,
        "tool_use_id": JSON,
    },
)
MESSAGE = JSON | st.fixed_dictionaries(
    {}, optional={"id": JSON, "model": JSON, "content": JSON | st.lists(BLOCK, max_size=2), "usage": JSON}
)
EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["system", "assistant", "user", "result", "rate_limit_event"]) | JSON},
    optional={
        "subtype": st.sampled_from(
            ["init", "api_retry", "permission_denied", "success", "background_tasks_changed"]
        ),
        "message": MESSAGE,
        "session_id": JSON,
        "model": JSON,
        "mcp_servers": JSON,
        "error": JSON,
        "is_error": JSON,
        "num_turns": JSON,
        "result": JSON,
        "structured_output": JSON,
        "total_cost_usd": JSON,
        "usage": JSON,
        "errors": JSON,
        "local_command": JSON,
        "modelUsage": JSON | st.dictionaries(st.text(max_size=3), JSON),
        "permission_denials": JSON,
        "tasks": JSON,
        "terminal_reason": JSON,
        "stop_reason": JSON,
        "api_error": JSON,
        "api_error_status": JSON,
        "rate_limit_info": JSON
        | st.fixed_dictionaries(
            {"status": st.just("rejected")}, optional={"resetsAt": JSON, "unifiedWindows": JSON}
        ),
    },
)
LINE = (
    st.binary(max_size=40)
    | JSON.map(lambda value: json.dumps(value).encode())
    | EVENT.map(lambda value: json.dumps(value).encode())
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(LINE, max_size=6),
    st.sampled_from([0, 1, 143, None]),
    st.sampled_from(["", "timeout", "exit_grace"]),
)
def test_nothing_on_a_line_raises(told_lines: list[bytes], status: int, stopped: str) -> None:
    progress = claude.begin(Task(name="story", path="story.yaml"))
    for line in told_lines:
        progress = claude.observe(progress, line)
    task = TASK._replace(claude=Claude(requires_mcp=("s",), json_schema={}))
    report = claude.interpret(task, FACTS, LAUNCH, progress, ended(status, stopped=stopped))
    json.dumps(report, allow_nan=False).encode()


def test_a_line_nested_without_end_is_unreadable() -> None:
    assert told(b"[" * 100_000).notes.unreadable == 1
    assert told(b'{"type":' * 100_000).notes.unreadable == 1
