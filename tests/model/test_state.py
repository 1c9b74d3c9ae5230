"""The state of a task, purely: how updates change it, where they stand in a result, and what is not fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents import nothing
from clodputer.model.state import StateRule, merged, unfit, updates_in

VALUES = (
    st.none()
    | st.integers()
    | st.text(max_size=5)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)
STATES = st.dictionaries(st.text(max_size=2), VALUES.filter(lambda value: value is not None), max_size=5)
UPDATES = st.dictionaries(st.text(max_size=2), VALUES, max_size=5)


@given(STATES, UPDATES)
def test_each_key_is_replaced_or_taken_out(before: dict[str, Any], updates: dict[str, Any]) -> None:
    after = merged(before, updates)
    assert None not in after.values()
    for key in {*before, *updates}:
        assert after.get(key) == (updates[key] if key in updates else before[key])
    assert merged(after, updates) == after


def test_what_is_below_is_not_merged() -> None:
    assert merged({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"x": None}, "b": None}) == {"a": {"x": None}}


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({"state_updates": {"a": 1}, "more": 2}, ({"a": 1}, "")),
        ({"state_updates": {}}, ({}, "")),
        ({"state_updates": None}, (None, "")),
        ({"more": 2}, (None, "")),
        ("text", (None, "")),
        (None, (None, "")),
        ({"state_updates": [1]}, (None, "state_updates is not an object of names and values")),
        ({"state_updates": "a"}, (None, "state_updates is not an object of names and values")),
    ],
)
def test_where_updates_stand(result: Any, found: Any) -> None:
    assert updates_in(result) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('Done.\n{"state_updates": {"n": 3}}', {"state_updates": {"n": 3}}),
        ('Done.\n```json\n{"state_updates": {"n": 3}}\n```\n\n', {"state_updates": {"n": 3}}),
        ('{"state_updates": {"n": 3}}\nDone.', {}),
        ('{"state_updates": {"n": 3}', {}),
        ('{"state_updates": "' + "x" * 300_000 + '"}', {}),
        ("", {}),
    ],
)
def test_the_last_line_of_a_text(text: str, found: dict[str, Any]) -> None:
    assert nothing.on_last_line(text, 256 * 1024) == found


def test_what_is_not_fit() -> None:
    rule = StateRule(max_size=20)
    assert rule.kept
    assert not StateRule().kept
    assert unfit({"a": "x" * 10}, rule) == ""
    assert "more than 20" in unfit({"a": "ä" * 10}, rule)
    assert unfit({"a": float("nan")}, rule) == "it holds what JSON cannot express"
    deep: Any = 1
    for _ in range(5000):
        deep = {"a": deep}
    assert unfit(deep, rule) == "it is nested too deeply"
