"""Failures that come again, known by what is the same in their messages, and what worked the next time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.learning.patterns import LONGEST, MOST, Remedy, patterns, same
from tests.model.learning.past import past


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Exited with 3 after 12.5 s", "Exited with <n> after <n> s"),
        ("No such file: /home/me/a b.txt", "No such file: <path> b.txt"),
        ("GET https://x.org/a?b=1 said 500", "GET <url> said <n>"),
        ("at 2026-11-29T03:00:00Z, run", "at <time>, run"),
        ("session 123e4567-e89b-12d3-a456-426614174000 is gone", "session <id> is gone"),
        ("commit deadbeef1 is unknown", "commit <id> is unknown"),
        ("the facade was decided", "the facade was decided"),
        ("a\n  b", "a b"),
        ("", ""),
    ],
)
def test_what_is_the_same(message: str, text: str) -> None:
    assert same(message) == text


@given(st.text(max_size=400))
def test_what_is_left_is_short_and_said_twice_the_same(message: str) -> None:
    assert len(same(message)) <= LONGEST
    assert "\n" not in same(message)
    assert same(message) == same(message)


def failed(number: int, message: str = "Exited with 1 in /tmp/a", **fields: Any) -> Any:
    return past(number, "exit_status", message=message, **fields)


def test_what_worked_the_next_time() -> None:
    runs = [
        failed(0, request_id="a"),
        past(1, request_id="b"),
        past(2, request_id="a", attempt=2),
        failed(3, "Exited with 2 in /tmp/b", prompt="p1"),
        past(4, prompt="p2"),
        failed(5, prompt="p2"),
        failed(6, prompt="p2"),
        past(7, "offline"),
        past(8, prompt="p2"),
        failed(9),
    ]
    (found,) = patterns(runs)
    assert (found.reason, found.message, found.runs) == ("exit_status", "Exited with <n> in <path>", 5)
    assert found.run_ids == ("run-9", "run-6", "run-5", "run-3", "run-0")
    # 0: by another attempt; 3: with another prompt; 5 and 6: nothing changed, and only the second time it went well.
    assert set(found.remedies) == {Remedy("retry", 1, 1), Remedy("prompt", 1, 1), Remedy("later", 2, 1)}
    assert found.remedies[-1].kind == "later"
    assert found.remedies[0].to_json()["success_rate"] == 1.0
    assert round(found.remedies[0].confidence, 4) == 0.2065


def test_twice_is_not_again_and_skipped_is_no_failure() -> None:
    assert patterns([failed(0), failed(1)]) == ()
    assert patterns([past(number, "nothing_to_do") for number in range(9)]) == ()
    assert patterns([past(number, "usage_limit") for number in range(9)]) == ()
    (lost,) = patterns([past(number, "exec_died") for number in range(4)])
    assert (lost.reason, lost.remedies) == ("exec_died", ())


def test_the_most_frequent_come_first_and_are_not_too_many() -> None:
    runs = [failed(number, f"fault {'x' * (number % 20)}") for number in range(200)]
    runs += [failed(300 + number, "often") for number in range(30)]
    found = patterns(runs)
    assert (found[0].message, len(found)) == ("often", MOST)
