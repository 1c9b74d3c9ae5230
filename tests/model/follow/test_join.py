"""Joins as pure decisions: a table of what is missing, and a property over long histories: no run is joined twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.follow.join import (
    Ended,
    Fired,
    Join,
    fired_from_json,
    fired_to_json,
    join,
    parents,
    request_id,
)

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0


def day_of(moment: float) -> str:
    """Days of 24 hours, the current one having begun 10 hours ago."""
    return str(int((moment - NOW + 10 * HOUR) // DAY))


def ran(task: str, hours_ago: float = 1.0, outcome: str = "succeeded") -> Ended:
    """A run."""
    return Ended(task, f"{task}@{hours_ago}", outcome, NOW - hours_ago * HOUR)


A, B = {"task": "a"}, {"task": "b"}
TABLE: list[tuple[list[dict[str, Any]], list[Ended], Fired, Any]] = [
    ([A, B], [ran("a"), ran("b", 2)], Fired(), ["a@1.0", "b@2"]),
    ([A, B], [ran("a")], Fired(), {"b": "it has not run lately"}),
    ([A], [ran("a", 5), ran("a", 1)], Fired(), ["a@1"]),
    # The newest run counts, whatever earlier ones did.
    ([A], [ran("a", 2), ran("a", 1, "failed")], Fired(), {"a": "its last run ended as failed"}),
    ([A], [ran("a", 2, "failed"), ran("a", 1)], Fired(), ["a@1"]),
    ([{**A, "when": "failure"}], [ran("a", 1, "timed_out")], Fired(), ["a@1"]),
    ([{**A, "when": "failure"}], [ran("a", 1)], Fired(), {"a": "its last run ended as succeeded"}),
    # Nothing to do, and cancelled, is as if it had not run, but for those who take any end.
    ([A], [ran("a", 2), ran("a", 1, "skipped")], Fired(), ["a@2"]),
    ([A], [ran("a", 1, "cancelled")], Fired(), {"a": "it has not run lately"}),
    ([{**A, "when": "always"}], [ran("a", 1, "skipped")], Fired(), ["a@1"]),
    # Age: a day unless it is said.
    ([A], [ran("a", 25)], Fired(), {"a": "its last run is too old"}),
    ([{**A, "max_age": HOUR * 48}], [ran("a", 25)], Fired(), ["a@25"]),
    ([{**A, "max_age": 60.0}], [ran("a", 1)], Fired(), {"a": "its last run is too old"}),
    # Today: the day counts, and once is enough.
    ([{**A, "all_of": "today"}], [ran("a", 9)], Fired(), ["a@9"]),
    ([{**A, "all_of": "today"}], [ran("a", 11)], Fired(), {"a": "it has not run today"}),
    ([{**A, "all_of": "today"}], [ran("a", 1)], Fired({}, day_of(NOW)), {"": "it came today already"}),
    ([{**A, "all_of": "today"}], [ran("a", 1)], Fired({}, day_of(NOW - DAY)), ["a@1"]),
    # What was joined before is used up.
    ([A], [ran("a", 1)], Fired({"a": ran("a", 1)}), {"a": "it has not run since the last time"}),
    ([A], [ran("a", 2)], Fired({"a": ran("a", 1)}), {"a": "it has not run since the last time"}),
    ([A, B], [ran("a", 1), ran("b", 1)], Fired({"a": ran("a", 2), "b": ran("b", 2)}), ["a@1", "b@1"]),
]


@pytest.mark.parametrize(("items", "runs", "fired", "expected"), TABLE)
def test_what_is_joined(items: list[dict[str, Any]], runs: list[Ended], fired: Fired, expected: Any) -> None:
    ended = {item["task"]: [run for run in runs if run.task == item["task"]] for item in items}
    found = join(parents(items), ended, fired, NOW, day_of)
    if isinstance(expected, dict):
        assert found == Join((), tuple(expected.items()))
    else:
        assert [run.run_id.rstrip(".0") for run in found.runs] == [name.rstrip(".0") for name in expected]
        assert found.missing == ()


OUTCOMES = ["succeeded", "failed", "skipped"]
EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(OUTCOMES), st.integers(0, 40)), max_size=40
)
WHEN = st.sampled_from(["success", "failure", "always"])


@given(EVENTS, st.tuples(WHEN, WHEN, WHEN))
def test_no_run_is_joined_twice_and_every_set_is_as_wanted(
    events: list[tuple[str, str, int]], when: tuple[str, str, str]
) -> None:
    """However the runs of three tasks end one after the other: each is looked at when it ends."""
    wanted = parents([{"task": task, "when": one} for task, one in zip("abc", when)])
    ended: dict[str, list[Ended]] = {"a": [], "b": [], "c": []}
    fired, used, now = Fired(), set[str](), NOW
    for number, (task, outcome, hours) in enumerate(events):
        now += hours * HOUR
        ended[task].append(Ended(task, f"run-{number:04}", outcome, now))
        found = join(wanted, ended, fired, now, day_of)
        ids = {run.run_id for run in found.runs}
        assert bool(ids) != bool(found.missing)
        assert not ids & used
        if ids:
            assert f"run-{number:04}" in ids, "a set that was complete before had come then"
            assert [run.task for run in found.runs] == ["a", "b", "c"]
            assert all(now - run.at <= DAY for run in found.runs)
            used |= ids
            fired = Fired({run.task: run for run in found.runs}, day_of(now))
            assert fired_from_json(fired_to_json(fired)) == fired


@pytest.mark.parametrize(
    "kept", [None, {}, {"runs": 3}, {"runs": {"a": [1]}}, {"runs": {"a": ["a", "b", "c", "d"]}}]
)
def test_what_somebody_has_edited(kept: Any) -> None:
    assert fired_from_json(kept) == Fired()


def test_one_set_has_one_id() -> None:
    one = [ran("a"), ran("b")]
    assert request_id("j", one) == request_id("j", reversed(one)) != request_id("k", one)
