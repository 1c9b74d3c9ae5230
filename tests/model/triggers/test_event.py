"""Events read and refused, routes matched, and what keeps a route from making a request."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.model.request import from_fields as request_from
from clodputer.model.request import item_of
from clodputer.model.triggers import event as events
from clodputer.model.triggers.event import Event, InvalidEvent, from_fields, to_fields
from clodputer.model.triggers.route import (
    DAILY_CAP,
    DAY,
    DUPLICATE,
    Route,
    Taken,
    after,
    key_of,
    matching,
    refusal,
    repeated,
    request_id,
    routes,
)

GOOD = {"from": "ci", "type": "build.failed"}
EVENT = Event("aaaa", "ci", "build.failed", dedupe_key="main")
ROUTE = Route("ci", "build.failed", "repair", max_per_day=2)
NOW = 1_800_000_000.0


def deep(levels: int) -> Any:
    """A mapping nested so deep."""
    value: Any = {}
    for _ in range(levels):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    "fields",
    [
        GOOD,
        {**GOOD, "payload": {"branch": "main", "n": [1, None, 2.5]}, "dedupe_key": "k", "item": "issue 4"},
        {**GOOD, "id": "abcd-1", "origin": {"trace_id": "abcd", "depth": 2, "parent": "r"}},
        {"from": "Git.Hub-1", "type": "issues/opened:v2"},
        {**GOOD, "payload": None, "dedupe_key": None},
    ],
)
def test_an_event_is_read_and_written_the_same(fields: dict[str, Any]) -> None:
    found = from_fields(fields, "feed")
    assert found.id == fields.get("id", "feed")
    assert (found.sender, found.type) == (fields["from"], fields["type"])
    assert from_fields(to_fields(found), "other") == found


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "an event is a mapping"),
        ({}, "no from given"),
        ({"from": "ci"}, "no type given"),
        ({**GOOD, "from": "../x"}, "from: expected a name"),
        ({**GOOD, "from": 4}, "from: expected a name"),
        ({**GOOD, "type": "a b"}, "type: expected 1 to 100 letters"),
        ({**GOOD, "type": "x" * 101}, "type: expected"),
        ({**GOOD, "type": "a\n"}, "type: expected"),
        ({**GOOD, "payload": "text"}, "payload: expected a mapping"),
        ({**GOOD, "payload": {"x": float("nan")}}, "payload: "),
        ({**GOOD, "payload": {"x": "\ud800"}}, "half of a surrogate pair"),
        ({**GOOD, "payload": deep(300)}, "nested deeper"),
        ({**GOOD, "payload": {"x": "y" * events.LARGEST_PAYLOAD}}, "more than 1,000,000"),
        ({**GOOD, "dedupe_key": "k" * 501}, "dedupe_key: expected a text"),
        ({**GOOD, "item": "two\nlines" * 100}, "item: expected one line"),
        ({**GOOD, "id": "A"}, "id: expected 4 to 48"),
        ({**GOOD, "origin": []}, "origin: expected a mapping"),
        ({**GOOD, "paylod": {}}, "unknown field 'paylod' (did you mean 'payload'?)"),
    ],
)
def test_what_is_no_event_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        from_fields(fields, "feed")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("sender", "kind", "found"),
    [
        ("ci", "build.failed", ["repair", "tell"]),
        ("ci", "build.fixed", []),
        ("CI", "build.failed", []),
        ("ci", "build", []),
        ("other", "build.failed", ["third"]),
    ],
)
def test_strings_match_exactly(sender: str, kind: str, found: list[str]) -> None:
    known = routes(
        [
            {"from": "ci", "type": "build.failed", "to": "repair"},
            {"from": "ci", "type": "build.failed", "to": "tell", "with": {"x": 1}, "dedupe": 60.0},
            {"from": "other", "type": "build.failed", "to": "third", "max_per_day": 1},
        ]
    )
    assert [route.to for route in matching(known, Event("aaaa", sender, kind))] == found


def test_a_route_is_itself_until_it_is_changed() -> None:
    """Its limits may change without its past being forgotten; two that would make one request are told."""
    others = [ROUTE._replace(to="x"), ROUTE._replace(type="x"), ROUTE._replace(given={"a": 1})]
    assert ROUTE.key == ROUTE._replace(dedupe=1.0, max_per_day=9).key
    assert len({ROUTE.key, *(route.key for route in others)}) == 4
    assert list(repeated([ROUTE, *others, ROUTE._replace(dedupe=1.0)])) == [(4, 0)]
    assert request_id(EVENT, ROUTE) == request_id(EVENT._replace(payload={"x": 1}), ROUTE)
    assert len({request_id(one, ROUTE) for one in (EVENT, EVENT._replace(id="bbbb"))}) == 2


@pytest.mark.parametrize(
    ("taken", "event", "code"),
    [
        ([], EVENT, ""),
        ([Taken("b", key_of(EVENT), NOW - DAY + 1)], EVENT, DUPLICATE),
        ([Taken("b", key_of(EVENT), NOW - DAY)], EVENT, ""),
        ([Taken("b", key_of(EVENT), NOW + 60)], EVENT, DUPLICATE),  # the clock was put back a little
        ([Taken("b", key_of(EVENT), NOW + 2 * DAY)], EVENT, ""),  # and by so much that nothing can be said
        ([Taken("b", "", NOW)], EVENT._replace(dedupe_key=""), ""),
        ([Taken("b", "", NOW), Taken("c", "", NOW - DAY + 1)], EVENT, DAILY_CAP),
        ([Taken("b", "", NOW), Taken("c", "", NOW - DAY)], EVENT, ""),
        # Killed after it was remembered: the same event again.
        ([Taken("aaaa", key_of(EVENT), NOW)], EVENT, ""),
        ([Taken("b", "", NOW), Taken("aaaa", key_of(EVENT), NOW)], EVENT, ""),
    ],
)
def test_what_a_route_refuses(taken: list[Taken], event: Event, code: str) -> None:
    found, message = refusal(ROUTE, event, taken, NOW)
    assert (found, bool(message)) == (code, bool(code))
    if not code:
        remembered = after(ROUTE, event, taken, NOW)
        assert remembered == after(ROUTE, event, remembered, NOW)
        assert sum(one.event_id == event.id for one in remembered) == 1
        again = refusal(ROUTE._replace(max_per_day=9), event._replace(id="zzzz"), remembered, NOW)[0]
        assert again == (DUPLICATE if event.dedupe_key else "")


def test_what_is_remembered_is_bounded() -> None:
    """Nothing older than the longer of a day and the window of the route."""
    old = [Taken(f"{days}", "", NOW - days * DAY) for days in range(40)]
    assert len(after(ROUTE, EVENT, old, NOW)) == 2
    assert len(after(ROUTE._replace(dedupe=10 * DAY), EVENT, old, NOW)) == 11


def test_an_event_names_the_item_of_its_request() -> None:
    """The dedupe key that Clodputer gives such a request is about no item."""
    fields = {"task": "a", "dedupe_key": "event:aaaa:bbbb"}
    request = request_from(fields, request_id="abcd", created_at=0.0, origin={})
    assert item_of(request) == ""
    assert item_of(request._replace(item="issue 4")) == "issue 4"
