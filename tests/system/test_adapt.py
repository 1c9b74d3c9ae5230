"""`adapt: true`: the priority of a task's requests moves by one step as they come, by work done per dollar, and says why."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.learning.worth import LEAST_TASKS, Value, adapted, worths
from clodputer.store.home import Home
from tests.cli.learned import ended
from tests.cli.promises import wrong
from tests.workshop import clodputer, command_task, drop, events, execute, make_home

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A cheap task, a usual one and a dear one, with ten runs each; everything is on hold."""
    home = make_home(tmp_path)
    for name, cost in (("cheap", 0.05), ("usual", 0.5), ("dear", 5.0)):
        command_task(home, name, "/bin/true", more="adapt: true\n")
        for ago in range(10, 0, -1):
            ended(home, name, time(), ago, cost_usd=cost)
    command_task(home, "steady", "/bin/true")
    clodputer(home, "pause", "--all")
    return home


def priorities(home: Home) -> dict[str, int]:
    """Of the requests that wait, by task and file."""
    data = json.loads(clodputer(home, "queue", "--json")[0])["data"]
    return {one["request_id"]: one["priority"] for one in data["requests"]}


def why(home: Home, task: str) -> Any:
    data = json.loads(clodputer(home, "why", task, "--json")[0])["data"]
    assert wrong(data, "why.json#/$defs/data") == ""
    return data["adapted"]


def test_requests_move_by_one_step_and_say_why(home: Home) -> None:
    for name in ("cheap", "usual", "dear", "steady"):
        drop(home, f"{name}.json", json.dumps({"task": name, "id": name}))
    drop(home, "mine.json", json.dumps({"task": "dear", "id": "mine", "priority": 5}))
    execute(home)
    assert priorities(home) == {"cheap": 4, "usual": 3, "dear": 2, "steady": 3, "mine": 5}
    logged = {event["request_id"]: event for event in events(home, "adapted")}
    assert {name: (one["step"], one["priority"]) for name, one in logged.items()} == {
        "cheap": (1, 4),
        "dear": (-1, 2),
    }
    assert (
        "10 of its 10 runs did their work for $0.50, 20 per dollar: more than twice"
        in logged["cheap"]["message"]
    )
    assert (why(home, "cheap")["priority"], why(home, "cheap")["step"]) == (4, 1)
    assert why(home, "usual")["step"] == 0
    assert why(home, "steady") is None
    page = " ".join(clodputer(home, "why", "dear")[0].split())
    assert "2, -1 by adapt: 10 of its 10 runs did their work for $50.00" in page


def test_without_enough_to_compare_nothing_moves(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    command_task(home, "cheap", "/bin/true", more="adapt: true\n")
    for ago in range(10, 0, -1):
        ended(home, "cheap", time(), ago, cost_usd=0.05)
    clodputer(home, "pause", "--all")
    drop(home, "cheap.json", '{"task": "cheap", "id": "cheap"}')
    execute(home)
    assert priorities(home) == {"cheap": 3}
    assert events(home, "adapted") == []
    assert why(home, "cheap")["why"].startswith("too little is known")


@pytest.mark.parametrize(("own", "moved"), [(5, 5), (4, 5), (1, 2)])
def test_it_stays_within_bounds(own: int, moved: int) -> None:
    values = {"a": Value(20, 20, 1.0), **{f"t{number}": Value(20, 20, 9.0) for number in range(LEAST_TASKS)}}
    found = adapted(own, worths(values)["a"])
    assert (found.priority, found.step) == (moved, moved - own)
