"""Strict JSON from one line, and the readers of fields that may be of any type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents import lines


@pytest.mark.parametrize(
    "line", [b"", b"x", b"NaN", b"[Infinity]", b"1e999", b'{"a": -1e999}', b'{"a"', b"[" * 99_999]
)
def test_what_is_no_strict_json_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        lines.read(line)


def test_a_line_too_long_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="too long"):
        lines.read(b" " * lines.LONGEST + b"1")
    with pytest.raises(ValueError, match="too long"):
        lines.read(b"[" + b"[]," * (lines.MOST_VALUES + 1) + b"1]")


@given(st.text())
def test_any_text_can_be_written_down_again(words: str) -> None:
    value = lines.read(json.dumps({words: [words]}).encode())
    assert value == {words: [words]}


@given(st.binary(), st.sampled_from([b'"\\ud800%b"', b'["\\uDFFF", %b]', b"%b"]))
def test_what_is_read_can_be_encoded(noise: bytes, context: bytes) -> None:
    try:
        value = lines.read(context % noise)
    except ValueError:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1, 1.0),
        (0.5, 0.5),
        (-1, None),
        (True, None),
        ("1", None),
        (float("nan"), None),
        (10**400, None),
        (None, None),
    ],
)
def test_amounts(value: Any, amount: Any) -> None:
    assert lines.amount(value) == amount


def test_shortened_is_one_line_with_an_end() -> None:
    assert lines.shortened("a\n b", 10) == "a b"
    assert lines.shortened("abcdef", 4) == "abc…"
