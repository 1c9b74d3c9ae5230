"""Requests: their fields, their defaults, and what is said about wrong ones."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.request import (
    InvalidRequest,
    Place,
    Request,
    from_fields,
    parse_priority,
    to_fields,
)
from clodputer.store.spool.placename import parse_place

NOW = 1_700_000_000.0
INFINITY = float("inf")


def _read(fields: Any) -> Request:
    return from_fields(fields, request_id="abcd", created_at=NOW, origin={"trigger": "spool"})


def test_defaults() -> None:
    """What a request does not say, it gets."""
    assert _read({"task": "nightly"}) == Request("abcd", "nightly", NOW, origin={"trigger": "spool"})
    assert _read({"task": "nightly", "priority": None, "body": None}) == _read({"task": "nightly"})


def test_all_fields() -> None:
    """Every field is read."""
    fields = {
        "task": "a",
        "id": "mine-1",
        "context": {"x": 1},
        "body": "b",
        "priority": "high",
        "attempt": 3,
        "not_before": "+30m",
        "expires_at": "2023-11-15T00:00:00Z",
        "created_at": NOW - 5,
        "dedupe_key": "k",
        "dedupe_ttl": "1h",
        "origin": {"trigger": "test"},
        "item": " issue\n42 ",
    }
    assert _read(fields) == Request(
        "mine-1",
        "a",
        NOW - 5,
        {"x": 1},
        "b",
        4,
        NOW + 1800,
        1_700_006_400.0,
        3,
        "k",
        3600.0,
        {"trigger": "test"},
        "issue 42",
    )


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (0, 0.0),
        (1_700_000_000.1239, 1_700_000_000.124),
        ("1970-01-01T00:00:00Z", 0.0),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc), NOW),
    ],
)
def test_moments(value: Any, moment: float) -> None:
    """Epoch seconds, ISO 8601, or what a YAML parser makes of it; kept to the millisecond."""
    assert _read({"task": "a", "expires_at": value}).expires_at == moment


WRONG: list[tuple[Any, str]] = [
    ([], 'a request is a mapping such as {"task": "nightly"}, found []'),
    ("nightly", 'a request is a mapping such as {"task": "nightly"}, found \'nightly\''),
    (None, 'a request is a mapping such as {"task": "nightly"}, found None'),
    ({}, "no task named; add a field such as task: nightly"),
    ({"task": ""}, "task: expected the name of a task, found ''"),
    ({"task": "../x"}, "task: expected the name of a task, found '../x'"),
    ({"task": 5}, "task: expected the name of a task, found 5"),
    (
        {"tsk": "a"},
        "unknown field 'tsk' (did you mean 'task'?); no task named; add a field such as task: nightly",
    ),
    ({"task": "a", 5: 1}, "unknown field 5"),
    ({"task": "a", "id": "A B"}, "id: expected 4 to 48 of a-z, 0-9 and -, found 'A B'"),
    ({"task": "a", "id": "../../x"}, "id: expected 4 to 48 of a-z, 0-9 and -, found '../../x'"),
    ({"task": "a", "context": []}, "context: expected a mapping of names to values, found []"),
    ({"task": "a", "body": 5}, "body: expected text, found 5"),
    (
        {"task": "a", "priority": 6},
        "priority: not a priority: 6; write 1 to 5 (5 runs first), or low, normal, high",
    ),
    (
        {"task": "a", "priority": True},
        ("priority: not a priority: True; write 1 to 5 (5 runs first), or low, normal, high"),
    ),
    ({"task": "a", "attempt": 0}, "attempt: expected a whole number from 1 to 9999, found 0"),
    ({"task": "a", "attempt": 10**30}, "attempt: expected a whole number from 1 to 9999, found 1" + "0" * 30),
    ({"task": "a", "attempt": True}, "attempt: expected a whole number from 1 to 9999, found True"),
    (
        {"task": "a", "not_before": "soon"},
        ("not_before: not a moment: 'soon'; write ISO 8601 such as 2026-11-21T08:00:00+01:00, or +30m"),
    ),
    ({"task": "a", "not_before": True}, "not_before: expected text, found True"),
    ({"task": "a", "not_before": float("nan")}, "not_before: expected a moment from 1970 to 9999, found nan"),
    ({"task": "a", "expires_at": INFINITY}, "expires_at: expected a moment from 1970 to 9999, found inf"),
    (
        {"task": "a", "created_at": 10**400},
        "created_at: expected a moment from 1970 to 9999, found 1" + "0" * 76 + "...",
    ),
    ({"task": "a", "created_at": -1}, "created_at: expected a moment from 1970 to 9999, found -1"),
    (
        {"task": "a", "created_at": "1969-12-31T00:00:00Z"},
        ("created_at: expected a moment from 1970 to 9999, found '1969-12-31T00:00:00Z'"),
    ),
    ({"task": "a", "dedupe_ttl": -1}, "dedupe_ttl: expected seconds from 0 to 100 years, found -1"),
    ({"task": "a", "dedupe_ttl": INFINITY}, "dedupe_ttl: expected seconds from 0 to 100 years, found inf"),
    (
        {"task": "a", "dedupe_ttl": "1 year"},
        ("dedupe_ttl: not a duration: '1 year'; write a number and a unit, such as 90s, 30m, 2h or 1d"),
    ),
    ({"task": "a", "item": ""}, "item: expected one line of up to 200 characters, found ''"),
    (
        {"task": "a", "item": "x" * 201},
        "item: expected one line of up to 200 characters, found " + repr("x" * 201)[:77] + "...",
    ),
    ({"task": "a", "body": 1, "zz": 1}, "body: expected text, found 1; unknown field 'zz'"),
]


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_fields(fields: Any, message: str) -> None:
    """Every wrong field is named, with what was expected."""
    with pytest.raises(InvalidRequest) as caught:
        _read(fields)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "fields",
    [
        {"x" * 1_000_000: 1},
        {"task": "x" * 1_000_000},
        {"context": ["x"] * 1_000_000},
        "x" * 1_000_000,
        {"priority": "x" * 1_000_000},
        {"not_before": "x" * 1_000_000},
    ],
)
def test_a_giant_is_not_repeated(fields: Any) -> None:
    """The message stays one that a person reads."""
    with pytest.raises(InvalidRequest) as caught:
        _read(fields)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("value", "priority"), [(1, 1), (5, 5), ("low", 2), (" High ", 4), ("normal", 3)])
def test_priorities(value: Any, priority: int) -> None:
    """A number or a word."""
    assert parse_priority(value) == priority


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MAPPING = st.dictionaries(st.text(max_size=5), JSON, max_size=3)
MOMENTS = st.floats(0, 253_402_300_799).map(lambda moment: round(moment, 3))


@settings(deadline=None)
@given(
    st.builds(
        Request,
        id=st.from_regex(r"\A[a-z0-9][a-z0-9-]{3,47}\Z"),
        task=st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,63}\Z"),
        created_at=MOMENTS,
        context=MAPPING,
        body=st.text(),
        priority=st.none() | st.integers(1, 5),
        not_before=st.none() | MOMENTS,
        expires_at=st.none() | MOMENTS,
        attempt=st.integers(1, 9999),
        dedupe_key=st.text(),
        dedupe_ttl=st.floats(0, 1e9),
        origin=MAPPING,
        item=st.sampled_from(["", "issue 42", "ümlaut"]),
    )
)
def test_what_is_written_is_read_back(original: Request) -> None:
    """A request survives its file, whatever default it would have got there."""
    fields = json.loads(json.dumps(to_fields(original)))
    read = from_fields(fields, request_id="other", created_at=1.0, origin={})
    assert read == original


@settings(deadline=None)
@given(MAPPING | st.dictionaries(st.sampled_from(list(Request._fields)), JSON | st.floats() | st.integers()))
def test_any_fields(fields: Any) -> None:
    """Whatever is dropped is a request or an InvalidRequest, and a request can be put in its place."""
    try:
        request = _read(fields)
    except InvalidRequest:
        return
    assert parse_place(str(Place(int(request.created_at * 1000), 3, request.id, "x.json"))) is not None
    json.dumps(to_fields(request))


@settings(deadline=None)
@given(st.text() | st.from_regex(r"\A\d{1,13}\.[1-5]\.[a-z0-9]{4,8}\..*\Z"))
def test_any_name(name: str) -> None:
    """A name that is no place of ours is none, and never an error."""
    place = parse_place(name)
    if place is not None:
        assert parse_place(str(place)) == place


def test_places_sort() -> None:
    """A listing is in the order of time."""
    names = [
        str(Place(microseconds, 3, "abcd", "x"))
        for microseconds in (0, 5, 40, 1_700_000_000_000_000, 9_999_999_999_999_999)
    ]
    assert names == sorted(names)
