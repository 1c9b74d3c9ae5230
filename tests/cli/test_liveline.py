"""The live line: what is folded out of a stream, and how it is cut to a width."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents import claude
from clodputer.cli.terminal.live_line import clock, cut, line, usual
from clodputer.views.runs.seen import Seen, observe


def seen(*events: Any) -> Seen:
    found = Seen()
    for event in events:
        text = event if isinstance(event, bytes) else json.dumps(event).encode()
        found = observe(found, claude.describe(text))
    return found


def reply(identity: str, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "assistant", "message": {"id": identity, "content": list(blocks)}, **more}


TEXT = {"type": "text", "text": "I  look\naround"}
TOOL = {"type": "tool_use", "name": "Read", "input": {"file_path": "/a\x1b[2J"}}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], Seen()),
        ([reply("a", TEXT)], Seen(1, 0, None, "says I look around", "a")),
        # One event for each block of a reply, and one turn.
        ([reply("a", TEXT), reply("a", TOOL)], Seen(1, 0, None, "Read: /a\x1b[2J", "a")),
        ([reply("a"), reply("b")], Seen(2, 0, None, "", "b")),
        ([reply("a"), reply("x", TOOL, parent_tool_use_id="t")], Seen(1, 0, None, "Read: /a\x1b[2J", "a")),
        ([{"type": "result", "total_cost_usd": 0.5}], Seen(cost=0.5)),
        ([{"type": "result", "total_cost_usd": "much"}], Seen()),
        ([b"plain output\n", b"\n"], Seen(doing="plain output")),
        ([{"type": "user", "message": {"content": "x"}}, {"type": "assistant", "message": 3}], Seen()),
    ],
)
def test_what_is_seen(events: list[Any], expected: Seen) -> None:
    assert seen(*events) == expected


@given(st.binary())
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    observe(Seen(), claude.describe(data))


ANYTHING = st.sampled_from(
    [None, 0, -1, 10**400, 1e308, True, "", "assistant", "result", [], {}, [None], {"content": 3}]
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_event_makes_it_stumble(kind: Any, message: Any, cost: Any) -> None:
    seen(
        {"type": kind, "message": message, "total_cost_usd": cost}, {"type": "result", "total_cost_usd": cost}
    )


@pytest.mark.parametrize(
    ("found", "usually", "expected"),
    [
        (Seen(), None, "nightly  1m 5s"),
        (Seen(1, 999), 61.0, "nightly  1m 5s (usually 1m 1s)  1 turn, 999 tokens"),
        (Seen(2, 12345, 0.5, "Bash: ls"), None, "nightly  1m 5s  2 turns, 12.3k tokens, $0.50  Bash: ls"),
        (Seen(0, 3_400_000), None, "nightly  1m 5s  3.4M tokens"),
        (Seen(doing="Read: /a\x1b[2J"), None, "nightly  1m 5s  Read: /a\\x1b[2J"),
    ],
)
def test_the_line(found: Seen, usually: Optional[float], expected: str) -> None:
    assert line("nightly", 65.9, usually, found) == expected


def test_what_is_usual() -> None:
    """The median of the latest that succeeded; one long ago, and one that failed, count for nothing."""

    def record(seconds: Any, outcome: str = "succeeded") -> dict[str, Any]:
        return {"outcome": outcome, "duration_seconds": seconds}

    assert usual([]) is None
    assert usual([record(9, "failed"), record("x"), {}]) is None
    assert usual([record(2), record(900, "timed_out"), record(4), record(100)]) == 4
    assert usual([*(record(5) for _ in range(10)), *(record(1) for _ in range(50))]) == 5


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0, "0s"), (0.99, "0s"), (-3.0, "0s"), (12.7, "12s"), (3700.0, "1h 1m")]
)
def test_the_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcdef", 5, "ab..."),
        ("ab   cdef", 6, "ab..."),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日..."),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
        ("abcdef", 2, "ab"),
        ("abc", 0, ""),
    ],
)
def test_cutting(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected


@given(st.text(), st.integers(0, 20))
def test_nothing_is_wider_than_asked(text: str, width: int) -> None:
    import unicodedata

    wide = sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in cut(text, width)
    )
    assert wide <= width
