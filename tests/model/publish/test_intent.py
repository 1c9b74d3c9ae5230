"""Intents: what is one, what is none, and what a task allows; all as tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.publish import intent
from clodputer.model.publish.intent import Bounds, Intent, InvalidIntent
from clodputer.model.publish.rule import ANY, KINDS

GOOD: list[dict[str, Any]] = [
    {"kind": "comment", "body": "The cause is a race.\n\nMore."},
    {"kind": "comment", "body": "x", "number": 7},
    {"kind": "draft_pull_request", "title": "Fix it", "body": "How", "complete": True},
    {"kind": "draft_pull_request", "title": "Fix it"},
    {"kind": "push"},
    {"kind": "label", "labels": ["needs-review", "bug"]},
    {"kind": "close", "reason": "not_planned"},
    {"kind": "close"},
    {"kind": "event", "type": "report.ready", "payload": {"path": "x"}, "dedupe_key": "k", "item": "issue 3"},
    {"kind": "file_issue", "title": "Flaky test", "body": "b", "labels": ["flaky"], "key": "test_x"},
]


@pytest.mark.parametrize("fields", GOOD)
def test_a_good_one_is_read_and_written_as_it_was(fields: dict[str, Any]) -> None:
    read = intent.read(fields)
    assert intent.fields_of(read) == fields
    assert intent.read(intent.fields_of(read)) == read


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (None, "an intent is a mapping"),
        ([], "an intent is a mapping"),
        ({}, "kind: expected one of comment"),
        ({"kind": "coment"}, "did you mean .comment"),
        ({"kind": ["push"]}, "kind: expected"),
        ({"kind": "comment"}, "comment needs body"),
        ({"kind": "comment", "body": "  "}, "body: expected a text"),
        ({"kind": "comment", "body": 7}, "body: expected a text"),
        ({"kind": "comment", "body": "x" * 60_001}, "60,001 characters"),
        ({"kind": "comment", "body": "\ud800"}, "surrogate"),
        ({"kind": "comment", "body": "x", "number": "7"}, "number: expected the number"),
        ({"kind": "comment", "body": "x", "number": True}, "number: expected the number"),
        ({"kind": "comment", "body": "x", "number": 0}, "number: expected the number"),
        ({"kind": "comment", "body": "x", "title": "y"}, "comment has no field 'title'; it has body, number"),
        ({"kind": "push", "branch": "main"}, "push has no field 'branch'; it has no fields"),
        ({"kind": "push", "force": True}, "push has no field 'force'"),
        ({"kind": "draft_pull_request", "title": "two\nlines"}, "one line"),
        ({"kind": "draft_pull_request", "title": "x", "complete": "yes"}, "complete: expected true or false"),
        ({"kind": "draft_pull_request", "title": "x", "draft": False}, "no field 'draft'"),
        ({"kind": "label", "labels": "bug"}, "labels: expected a list"),
        ({"kind": "label", "labels": []}, "labels: expected a list"),
        ({"kind": "label", "labels": ["x" * 51]}, "labels: it has 51 characters"),
        ({"kind": "close", "reason": "done"}, "reason: expected completed or not_planned"),
        ({"kind": "event"}, "event needs type"),
        ({"kind": "event", "type": "a b"}, "type: expected"),
        ({"kind": "event", "type": "a", "from": "me"}, "event has no field 'from'"),
        ({"kind": "file_issue", "title": "x", "key": "k" * 201}, "key: it has 201 characters"),
    ],
)
def test_what_is_none_is_refused_with_the_reason(fields: Any, words: str) -> None:
    with pytest.raises(InvalidIntent, match=words.replace("(", r"\(")):
        intent.read(fields)


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def test_nesting_is_bounded() -> None:
    with pytest.raises(InvalidIntent):
        intent.read({"kind": "event", "type": "a", "payload": nested(500)})


LIMITS = Bounds(("comment", "label", "close", "file_issue"), ("bug",), number=12)


@pytest.mark.parametrize(
    ("wanted", "bounds", "code"),
    [
        (Intent("comment", body="x"), LIMITS, ""),
        (Intent("comment", 12, body="x"), LIMITS, ""),
        (Intent("comment", 13, body="x"), LIMITS, "target_not_allowed"),
        (Intent("comment", 13, body="x"), LIMITS._replace(targets=ANY), ""),
        (Intent("comment", body="x"), LIMITS._replace(number=None), "no_target"),
        (Intent("comment", 5, body="x"), LIMITS._replace(number=None), "target_not_allowed"),
        (Intent("close", 13), LIMITS, "target_not_allowed"),
        (Intent("label", labels=("Bug",)), LIMITS, ""),
        (Intent("label", labels=("bug", "clodputer")), LIMITS, "label_not_allowed"),
        (Intent("file_issue", title="x", labels=("go",)), LIMITS, "label_not_allowed"),
        (Intent("push"), LIMITS, "kind_not_allowed"),
        (Intent("event"), Bounds(()), "kind_not_allowed"),
    ],
)
def test_what_a_task_allows(wanted: Intent, bounds: Bounds, code: str) -> None:
    found, message = intent.unfit(wanted, bounds)
    assert found == code
    assert bool(message) == bool(code)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(KINDS)}, optional={"body": VALUES, "labels": VALUES, "title": VALUES}
    )
)
def test_whatever_comes_is_an_intent_or_refused(fields: dict[str, Any]) -> None:
    try:
        read = intent.read(fields)
    except InvalidIntent:
        return
    assert intent.read(intent.fields_of(read)) == read
