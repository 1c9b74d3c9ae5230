"""`queue`: what waits, in the order of the runs, and what was set aside."""

from __future__ import annotations

import os
from json import dumps
from pathlib import Path
from time import time

from clodputer.cli.commands.queue import aside, queue
from clodputer.model.request import Place
from clodputer.store.home import Home
from clodputer.store.spool import queue as queues
from tests.cli.busy import data
from tests.workshop import clodputer, command_task, drop, environment


def test_queue_as_json(busy: Home) -> None:
    """In the order in which they will run: by priority, then age; then what waits for its time, then what is dropped."""
    found = data(busy, "queue")
    rows = [(one["position"], one["request_id"], one["state"], one["priority"]) for one in found["requests"]]
    assert rows == [
        (1, "held-0003", "queued", 5),
        (2, "held-0001", "queued", 3),
        (0, "held-0002", "delayed", 3),
        (0, None, "dropped", None),
    ]
    assert found["total"] == 4
    assert found["requests"][2]["not_before"] == "2099-01-01T00:00:00.000Z"
    assert {one["task"] for one in found["requests"]} == {"held"}
    first = data(busy, "queue", "--lane", "later", "--limit", "1")["requests"]
    assert [one["request_id"] for one in first] == ["held-0003"]


def test_queue_of_what_was_set_aside(busy: Home) -> None:
    [dead] = data(busy, "queue", "--dead")["requests"]
    assert (dead["request_id"], dead["file"], "expired" in dead["reason"]) == ("dead-1234", "dead.json", True)
    [rejected] = data(busy, "queue", "--rejected")["requests"]
    assert (rejected["request_id"], rejected["file"]) == (None, "wrong.json")
    assert "tsk" in rejected["reason"]
    assert "Nothing is in spool/closed." in aside(environment(busy), "closed", 5, time()).text


def test_an_unknown_lane(busy: Home) -> None:
    _, stderr = clodputer(busy, "queue", "--lane", "latter", status=1)
    assert "did you mean 'later'?" in stderr
    clodputer(busy, "queue", "--lane", "later", "--dead", status=2)


def test_twenty_thousand_requests(home: Home) -> None:
    """Only what is shown is read: the rest is counted."""
    command_task(home, "work", "/bin/true")
    folder = Path(queues.path(home, "default", Place(1, 3, "x", "y"))).parent
    for number in range(20_000):
        os.close(os.open(folder / str(Place(number + 1, 3, f"id-{number:06d}", "work")), os.O_CREAT))
    result = queue(environment(home), "", 3, time())
    assert [one["request_id"] for one in result.data["requests"]] == ["id-000000", "id-000001", "id-000002"]
    assert result.data["total"] == 20_000
    assert "and 19,997 more" in result.text


def test_what_was_dropped_and_is_no_request(home: Home) -> None:
    """An event and a decision are shown as what they are, until the next intake takes them in; broken ones with their fault."""
    drops = {
        "a.event.json": '{"from": "ci", "type": "build.failed", "dedupe_key": "x"}',
        "b.Approve.JSON": '{"approve": "held-0001"}',
        "c.approve.json": '{"token": "who-has-it-may-decide"}',
        "d.event.json": '{"from": "ci", "task": "nightly"}',
        "e.approve.json": '{"approve": "held-0001", "deny": "held-0001"}',
        "f.json": '{"from": "ci", "type": "build.failed"}',
        "g.event.json": "{",
    }
    for name, text in drops.items():
        drop(home, name, text)
    result = queue(environment(home), "", 20, time())
    rows = {one["file"]: one for one in result.data["requests"]}
    assert {name: one["origin"] for name, one in rows.items()} == {
        "a.event.json": {"trigger": "event", "event": {"from": "ci", "type": "build.failed"}},
        "b.Approve.JSON": {"trigger": "decision", "wish": "approved", "request": "held-0001"},
        "c.approve.json": {"trigger": "decision"},
        **{name: {} for name in ("d.event.json", "e.approve.json", "f.json", "g.event.json")},
    }
    faults = {
        "a.event.json": None,
        "b.Approve.JSON": None,
        "c.approve.json": None,
        "d.event.json": "unknown field 'task'; no type given; an event has the fields from and type",
        "e.approve.json": "a decision has exactly one of the keys approve, deny and token",
    }
    assert {name: rows[name]["unreadable"] for name in faults} == faults
    assert "unknown field 'from'" in rows["f.json"]["unreadable"]
    assert "event build.failed from ci" in result.text
    assert "decision: approved held-0001" in result.text
    assert "who-has-it" not in result.text + dumps(result.data)
