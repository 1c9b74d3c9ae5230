"""What follows a run, as pure decisions: tables of ends, lines of requests, circles, and properties of the plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.decide import is_final
from clodputer.model.follow import graph
from clodputer.model.follow.keys import LISTS, Follow, Most, most
from clodputer.model.follow.line import Line, line_of, origin_of
from clodputer.model.follow.plan import (
    TOO_DEEP,
    TOO_MANY,
    lists_after,
    plan,
    request_id,
    without_content,
)
from clodputer.model.outcome import OUTCOMES
from clodputer.model.request import is_id
from tests.workshop import task_of

ROOT = Line("", "aaaa1111", 0)


@pytest.mark.parametrize(
    ("outcome", "lists"),
    [
        ("succeeded", ("on_success", "on_finish")),
        ("failed", ("on_failure", "on_finish")),
        ("timed_out", ("on_failure", "on_finish")),
        ("lost", ("on_failure", "on_finish")),
        ("limited", ("on_failure", "on_finish")),
        ("skipped", ("on_finish",)),
        ("cancelled", ("on_finish",)),
    ],
)
def test_which_lists_an_end_calls_for(outcome: str, lists: tuple[str, ...]) -> None:
    assert lists_after(outcome) == lists
    assert outcome in OUTCOMES


@pytest.mark.parametrize(
    ("way_out", "final"),
    [("finish", True), ("bury", True), ("park", True), ("retry", False), ("put_back", False)],
)
def test_only_the_last_run_of_a_request_is_followed(way_out: str, final: bool) -> None:
    assert is_final([{"effect": "hold"}, {"effect": way_out}]) is final


def test_too_deep_and_too_many_are_told_one_by_one() -> None:
    follow = Follow(on_success=({"run": "a"}, {"log": "x"}, {"run": "b"}), on_finish=({"run": "c"},))
    deep = plan(follow, "succeeded", ROOT._replace(depth=4), Most())
    assert [one.form for one in deep.goes] == ["log"]
    assert [(cut.follow_up.target, cut.code) for cut in deep.cut] == [(name, TOO_DEEP) for name in "abc"]
    many = plan(follow, "succeeded", ROOT, Most(width=2))
    assert [one.form for one in many.goes] == ["run", "log"]
    assert [(cut.follow_up.target, cut.code) for cut in many.cut] == [("b", TOO_MANY), ("c", TOO_MANY)]
    assert plan(follow, "succeeded", ROOT._replace(depth=3), Most()).cut == ()


ITEMS = st.sampled_from([{"run": "a"}, {"run": "b", "delay": 3.0}, {"command": ["x"]}, {"log": "l"}])
FOLLOWS = st.builds(Follow, *(st.lists(ITEMS, max_size=70).map(tuple) for _ in LISTS), after=st.just(()))


@given(FOLLOWS, st.sampled_from(OUTCOMES), st.integers(0, 8), st.integers(1, 60), st.integers(1, 6))
def test_nothing_is_left_out_in_silence(
    follow: Follow, outcome: str, depth: int, width: int, deepest: int
) -> None:
    """Whatever an end calls for either goes or is cut with a reason, each once, and the bounds hold."""
    found = plan(follow, outcome, ROOT._replace(depth=depth), Most(deepest, width))
    called = [(name, place) for name in lists_after(outcome) for place in range(len(follow.listed(name)))]
    told = [(one.on, one.place) for one in found.goes] + [
        (cut.follow_up.on, cut.follow_up.place) for cut in found.cut
    ]
    assert sorted(told) == sorted(called)
    assert len(found.goes) <= width
    assert depth < deepest or all(one.form != "run" for one in found.goes)


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        ({}, ROOT),
        ({"trigger": "cron"}, ROOT),
        (
            {"parent": "20270115T080000.000Z-bbbb2222", "trace_id": "cccc3333", "depth": 3},
            Line("20270115T080000.000Z-bbbb2222", "cccc3333", 3),
        ),
        # What a person or a program has written there by hand.
        ({"parent": "", "depth": 3}, ROOT),
        ({"parent": 7, "trace_id": ["x"], "depth": "3"}, ROOT),
        ({"parent": "r-1", "trace_id": "No Id!", "depth": -3}, Line("r-1", "aaaa1111", 0)),
        ({"parent": "r-1", "depth": True}, Line("r-1", "aaaa1111", 0)),
        ({"parent": "r-1", "depth": 10**30}, Line("r-1", "aaaa1111", 10_000)),
        ({"parent": "r" * 5000}, ROOT),
    ],
)
def test_the_line_of_an_origin(origin: dict[str, Any], line: Line) -> None:
    assert line_of(origin, "aaaa1111") == line


def test_an_origin_goes_on_with_its_line() -> None:
    origin = origin_of("follow_up", ROOT, "work", "run-1")
    assert line_of(origin, "zzzz9999") == Line("run-1", "aaaa1111", 1)


@given(st.text(), st.sampled_from(LISTS), st.integers(0, 1000))
def test_an_id_follows_from_the_place(run_id: str, on: str, place: int) -> None:
    assert request_id(run_id, on, place) == request_id(run_id, on, place)
    assert is_id(request_id(run_id, on, place))
    assert request_id(run_id, on, place) != request_id(run_id, on, place + 1)


def test_what_has_no_room_is_told() -> None:
    drop = {
        "effect": "drop",
        "on": "on_success",
        "place": 0,
        "form": "run",
        "target": "a",
        "request": {"x": 1},
    }
    state = {"effect": "state", "base": 3, "updates": {"a": "x" * 9}}
    (kept, told, finish) = without_content([state, drop, {"effect": "finish"}])
    assert (kept["base"], "updates" in kept) == (3, False)
    assert "no room" in kept["problem"]
    assert (told["effect"], told["code"], told["target"]) == ("not_followed", "no_room", "a")
    assert finish == {"effect": "finish"}


def test_most_is_what_the_settings_say() -> None:
    assert most({}) == Most(4, 50)
    assert most({"depth": 9}) == Most(9, 50)


@pytest.mark.parametrize(
    ("edges", "start", "way"),
    [
        ({"a": ("a",)}, "a", ("a", "a")),
        ({"a": ("b",), "b": ("a",)}, "a", ("a", "b", "a")),
        ({"a": ("b", "c"), "b": ("c",), "c": ("d",), "d": ("a",)}, "a", ("a", "c", "d", "a")),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, "a", ()),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, "c", ("c", "b", "c")),
        ({"a": ("gone",)}, "a", ()),
        ({}, "a", ()),
    ],
)
def test_circles(edges: dict[str, tuple[str, ...]], start: str, way: tuple[str, ...]) -> None:
    assert graph.circle(start, edges) == way


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4).map(tuple)), NAMES)
def test_a_circle_is_a_way_and_is_found_when_there_is_one(
    edges: dict[str, tuple[str, ...]], start: str
) -> None:
    way = graph.circle(start, edges)
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    assert bool(way) == (start in reached)
    assert all(after in edges[before] for before, after in zip(way, way[1:]))
    assert not way or way[0] == way[-1] == start


def test_edges_come_from_every_list() -> None:
    one = task_of("a", on_success=[{"run": "b"}, {"log": "x"}], on_finish=[{"run": "c"}, {"run": "b"}])
    assert graph.edges([one]) == {"a": ("b", "c")}
