"""What the stream of each agent means to a reader of the conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer import agents
from clodputer.agents import claude
from clodputer.model.run import Description, Said


def line(event: Any) -> bytes:
    return json.dumps(event).encode() + b"\n"


def message(kind: str, *blocks: dict[str, Any]) -> bytes:
    return line({"type": kind, "message": {"content": list(blocks)}})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", []),
        (b"plain text\n", [Said("prints", "plain text")]),
        (b"[1, 2]\n", [Said("prints", "[1, 2]")]),
        (b'{"a": 1}\n', [Said("prints", '{"a": 1}')]),
        (b'{"torn": \n', [Said("prints", '{"torn":')]),
        (line({"type": "system", "subtype": "init", "model": "m", "cwd": "/w"}), [Said("starts", "m, /w")]),
        (line({"type": "system", "subtype": "task_started"}), []),
        (line({"type": "rate_limit_event"}), []),
        (message("assistant", {"type": "text", "text": "hello"}), [Said("says", "hello")]),
        (message("assistant", {"type": "text", "text": "  "}), []),
        (
            message(
                "assistant", {"type": "tool_use", "name": "Bash", "input": {"command": "ls", "timeout": 3}}
            ),
            [Said("uses", "Bash: ls", "timeout: 3")],
        ),
        (
            message("assistant", {"type": "tool_use", "name": "X", "input": {"n": 1}}),
            [Said("uses", 'X: {"n": 1}')],
        ),
        (message("user", {"type": "tool_result", "content": "a b"}), [Said("gets", "a b")]),
        (
            message(
                "user", {"type": "tool_result", "is_error": True, "content": [{"type": "text", "text": "no"}]}
            ),
            [Said("fails", "no")],
        ),
        (
            line(
                {
                    "type": "system",
                    "subtype": "api_retry",
                    "attempt": 1,
                    "max_retries": 3,
                    "error": "overloaded",
                }
            ),
            [Said("retries", "attempt 1 of 3: overloaded")],
        ),
        (
            line({"type": "system", "subtype": "permission_denied", "tool_name": "Write", "message": "no"}),
            [Said("denied", "Write: no")],
        ),
        (line({"type": "result", "result": "done"}), [Said("ends", "done")]),
        (
            line({"type": "result", "subtype": "error_max_turns", "errors": ["too many"]}),
            [Said("ends", "too many")],
        ),
        (line({"type": "assistant", "message": "odd"}), []),
        (line({"type": "assistant", "message": {"content": [None, 3]}}), []),
    ],
)
def test_events_in_words(data: bytes, said: list[Said]) -> None:
    assert list(claude.describe(data).said) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.sampled_from(["system", "assistant", "user", "result", "other"]), JSON, JSON)
def test_no_event_makes_it_stumble(kind: str, message: Any, rest: Any) -> None:
    """Streams change from version to version; a strange one is told in part or not at all."""
    claude.describe(
        line({"type": kind, "message": message, "subtype": rest, "result": rest, "errors": message})
    )
    claude.describe(line({"type": kind, "message": {"content": message}}))


@pytest.mark.parametrize("kind", agents.KINDS)
@given(data=st.binary())
def test_no_bytes_make_it_stumble(kind: str, data: bytes) -> None:
    agents.load(kind).describe(data)


@pytest.mark.parametrize("kind", agents.KINDS)
def test_every_agent_shows_what_is_no_event(kind: str) -> None:
    describe = agents.load(kind).describe
    assert describe(b"plain text\n") == Description((Said("prints", "plain text"),))
    assert describe(b" \n") == Description()


def test_a_program_is_shown_as_it_prints() -> None:
    """Its JSON is no event of claude's, whatever keys it has."""
    for text in ('{"type": "rate_limit_event"}', '{"type": "assistant", "message": {"id": "a"}}'):
        assert agents.load("command").describe(text.encode()) == Description((Said("prints", text),))


@pytest.mark.parametrize(
    ("event", "reply", "cost"),
    [
        ({"type": "assistant", "message": {"id": "a", "content": []}}, "a", None),
        ({"type": "assistant", "message": {"id": "a"}, "parent_tool_use_id": "t"}, "", None),
        ({"type": "assistant", "message": 3, "total_cost_usd": 1}, "", None),
        ({"type": "user", "message": {"id": "a"}}, "", None),
        ({"type": "result", "total_cost_usd": 0.5}, "", 0.5),
        ({"type": "result", "total_cost_usd": "much"}, "", None),
    ],
)
def test_turns_and_cost(event: dict[str, Any], reply: str, cost: Any) -> None:
    description = claude.describe(line(event))
    assert (description.reply, description.cost_usd) == (reply, cost)
