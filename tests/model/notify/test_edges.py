"""What somebody is told, as tables: from events, holds and what was told before."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.notify.channel import EDGES
from clodputer.model.notify.edges.look import look, next_look
from clodputer.model.notify.edges.memory import QUIET
from clodputer.model.notify.edges.told import Standing, Told
from clodputer.model.text.moment import iso

NOW = 1_800_000_000.0
HOLD = Standing("account.claude", "account claude", "--account claude", "usage_limit", "Until 5.", NOW + 60)

NOTHING = Told()
NUMBERS = count(1)


def event(name: str, at: float = NOW, **fields: Any) -> dict[str, Any]:
    return {
        "timestamp": iso(at),
        "event": name,
        "task": "a",
        "run_id": f"r{at:.0f}",
        "request_id": "q",
        **fields,
    }


def finished(outcome: str, **fields: Any) -> dict[str, Any]:
    fields.setdefault("run_id", f"r{next(NUMBERS)}")
    reason = {"succeeded": "completed", "failed": "exit_status"}.get(outcome, outcome)
    return event("finished", outcome=outcome, **{"reason": reason, "final": True, **fields})


def edges(
    *events: dict[str, Any], told: Told = NOTHING, holds: tuple[Standing, ...] = (), now: float = NOW
) -> Any:
    """The edges in order, results aside, and what is remembered."""
    after, found = look(told, events, holds, now, 3600.0)
    return [one.edge for one in found if one.edge != "result"], after


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([finished("succeeded")], []),
        ([finished("failed")], ["failed"]),
        ([finished("failed"), finished("failed"), finished("timed_out")], ["failed"]),
        ([finished("failed", final=False), finished("succeeded")], []),
        ([finished("failed"), finished("succeeded"), finished("succeeded")], ["failed", "recovered"]),
        ([finished("failed"), finished("limited"), finished("cancelled"), finished("skipped")], ["failed"]),
        ([finished("succeeded", suspect="x"), finished("succeeded", suspect="x")], ["suspect"]),
        ([finished("succeeded", suspect="x"), finished("succeeded", suspect="")], ["suspect", "recovered"]),
        (
            [finished("failed"), finished("succeeded", suspect="x"), finished("succeeded")],
            ["failed", "recovered"],
        ),
        (
            [finished("succeeded", suspect="x"), finished("failed"), finished("succeeded")],
            ["suspect", "failed", "recovered"],
        ),
        ([finished("failed"), finished("skipped", reason="satisfied")], ["failed", "recovered"]),
        ([finished("skipped", reason="satisfied"), finished("skipped", suspect="x")], ["suspect"]),
        ([finished("lost"), finished("failed", task="b")], ["failed", "failed"]),
        ([event("buried", reason="task_invalid", message="no such key")], ["failed"]),
        ([event("buried", task=None, reason="invalid_request")], []),
        ([event("breaker_open", message="3 of them")], ["breaker"]),
        ([event("budget_near", budget="Task a", limit="per_day", used=4.1, of=5)], ["budget_near"]),
        ([event("budget_near", budget="Task a", limit="per_day", used=5, of=5)], ["budget_spent"]),
        ([event("missed", reason="asleep_or_off", slot_time=iso(NOW), count=2)], ["missed"]),
        ([event("missed", reason="disabled"), event("missed", reason="overlap")], []),
        ([event("auto_disabled"), event("auto_disabled")], ["disabled"]),
        ([finished("failed", run_id="r"), finished("failed", run_id="r", task="b")], ["failed"]),
        ([event("parked", item="issue 4"), event("parked", item="issue 5")], ["parked", "parked"]),
        ([event("delayed", reason="approval"), event("delayed", reason="approval")], ["approval_wanted"]),
        (
            [event("delayed", reason="approval"), event("delayed", reason="approval", request_id="p")],
            ["approval_wanted", "approval_wanted"],
        ),
        ([event("delayed", reason="hold"), event("delayed")], []),
        ([event("parked", item="issue 4"), event("parked", item="issue 4")], ["parked"]),
        ([{"event": "finished"}, {"event": 3}, {}, {"event": "missed", "count": "x"}], ["failed", "missed"]),
    ],
)
def test_what_is_told_of_events(events: list[dict[str, Any]], expected: list[str]) -> None:
    assert edges(*events)[0] == expected


def test_a_task_that_goes_on_failing_is_told_once_whatever_the_looks() -> None:
    """And what flaps is told at most once an hour, its recovery with it."""
    found, told = edges(finished("failed"))
    assert found == ["failed"]
    for _ in range(3):
        found, told = edges(finished("failed"), told=told)
        assert found == []
    found, told = edges(finished("succeeded"), finished("failed"), finished("succeeded"), told=told)
    assert found == ["recovered"]
    later = NOW + QUIET + 1
    assert edges({**finished("failed"), "timestamp": iso(later)}, told=told, now=later)[0] == ["failed"]


def test_a_hold_is_told_when_it_begins_and_when_it_has_ended() -> None:
    found, told = edges(holds=(HOLD,))
    assert found == ["hold"]
    assert next_look(told, None) == HOLD.until
    found, told = edges(told=told, holds=(HOLD._replace(until=NOW + 600),))
    assert (found, next_look(told, None)) == ([], NOW + 600)
    found, told = edges(told=told)
    assert (found, next_look(told, None)) == (["hold_ended"], None)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("auth", ["auth"]), ("billing", ["auth"]), ("paused", []), ("stopped", []), ("damaged", ["hold"])],
)
def test_which_holds_are_told(reason: str, expected: list[str]) -> None:
    assert edges(holds=(HOLD._replace(reason=reason, until=None),))[0] == expected


def test_that_nothing_runs_is_told_once_and_again_after_a_run() -> None:
    """By `idle_after`, counted from the last begin or end of a run, or from the first look."""
    found, told = edges()
    assert found == []
    assert next_look(told, 3600.0) == NOW + 3600
    found, told = edges(told=told, now=NOW + 3599)
    assert found == []
    found, told = edges(told=told, now=NOW + 3600)
    assert (found, next_look(told, 3600.0)) == (["idle"], None)
    assert edges(told=told, now=NOW + 9000)[0] == []
    found, told = edges(event("started", NOW + 9000), told=told, now=NOW + 9000)
    assert (found, next_look(told, 3600.0)) == ([], NOW + 12600)
    assert edges(told=told, now=NOW + 12600)[0] == ["idle"]
    assert next_look(told, None) is None


def test_a_clock_that_went_back_makes_nothing_idle() -> None:
    _, told = edges(event("started", NOW), now=NOW)
    found, told = edges(told=told, now=NOW - 86400)
    assert found == []
    assert told.active_at == NOW - 86400


ENDS = st.sampled_from(["succeeded", "failed", "timed_out", "limited", "skipped", "lost"])


@given(st.lists(ENDS, max_size=30), st.data())
def test_what_is_told_does_not_depend_on_when_it_is_looked(ends: list[str], data: st.DataObject) -> None:
    """One look at all events and many looks at some of them each find the same; and every edge has words."""
    events = [finished(end) for end in ends]
    _, whole = look(Told(), events, (), NOW, None)
    told, parts = Told(), []
    while events:
        number = data.draw(st.integers(1, len(events)))
        told, found = look(told, events[:number], (), NOW, None)
        parts += found
        events = events[number:]
    assert parts == whole
    for one in parts:
        assert one.edge in EDGES
        assert one.title
        assert one.command.startswith("clodputer ")


def test_a_plugin_that_keeps_failing() -> None:
    """It is told once, and so is that it works again; of one that was not told to fail nothing is told."""
    stopped = event("plugin_down", plugin="mail", message="3 calls failed")
    told, found = look(NOTHING, [stopped, stopped], [], NOW, None)
    assert [(edge.edge, edge.title, edge.item) for edge in found] == [
        ("plugin_failing", "plugin mail keeps failing", "mail")
    ]
    told, found = look(told, [stopped], [], NOW + 2 * QUIET, None)
    assert found == []
    works = [event("plugin_works", NOW, plugin=name) for name in ("mail", "other")]
    told, found = look(told, works, [], NOW + 2 * QUIET, None)
    assert [(edge.edge, edge.title) for edge in found] == [("plugin_recovered", "plugin mail works again")]
    assert told.plugins == {}


def test_what_was_not_published_and_what_waits_to_be() -> None:
    refused = event("not_published", kind="draft_pull_request", reason="symlink", message="It makes a link.")
    waits = event("staged", message="comment #1")
    _, found = look(NOTHING, [refused, refused, waits], [], NOW, None)
    assert [(one.edge, one.title) for one in found] == [
        ("not_published", "a could not publish draft pull request"),
        ("approval_wanted", "a asks you before it publishes"),
    ]
    assert found[1].command == f"clodputer approve {waits['run_id']}"
