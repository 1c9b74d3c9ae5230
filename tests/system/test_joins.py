"""Joins by real execs: one request for each set of runs, also when runs end together and execs are killed at every step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import stages
from tests.slots import settle
from tests.system import execs
from tests.workshop import (
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
)

pytest_plugins = ["tests.fakes.fixtures"]

STRIDE = 7


def set_up(folder: Path, more: str = "after: [{task: a}, {task: b}]\n") -> Home:
    """Two tasks in lanes of their own, and one that joins them."""
    home = make_home(folder)
    command_task(home, "a", "echo", "from a", more="lane: one\n")
    command_task(home, "b", "echo", "from b", more="lane: two\n")
    command_task(home, "both", "true", more=more)
    for name in ("a", "b", "both"):
        settle(home, name)
    execs.run(home, "validate")
    return home


def test_a_join_comes_once_for_each_set(tmp_path: Path) -> None:
    """With the results of all, and their line; what was used is used up."""
    home = set_up(tmp_path)
    drop(home, "a")
    execute(home)
    drop(home, "a")
    execute(home)
    assert outcomes(home, "both") == []
    drop(home, "b")
    execute(home)
    (record,) = records(home, "both")
    a, b = records(home, "a")[-1], records(home, "b")[-1]
    assert record["trigger"] == "after"
    assert record["origin"] == {
        "trigger": "after",
        "task": "b",
        "parent": b["run_id"],
        "trace_id": b["request_id"],
        "depth": 1,
        "runs": {"a": a["run_id"], "b": b["run_id"]},
    }
    request = execs_request(home, record)
    assert {name: one["result"] for name, one in request["context"]["after"].items()} == {
        "a": "from a",
        "b": "from b",
    }
    drop(home, "b")
    execute(home)
    assert len(outcomes(home, "both")) == 1
    drop(home, "a")
    execute(home)
    assert len(outcomes(home, "both")) == 2


def execs_request(home: Home, record: dict[str, object]) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """The request of a run, as its folder has it."""
    path = Path(home.runs, str(record["task"]), str(record["run_id"]), "request.json")
    found: dict[str, dict[str, dict[str, dict[str, str]]]] = json.loads(path.read_text())
    return found


def test_runs_that_end_together_are_joined_once(tmp_path: Path) -> None:
    """Each in a process of its own, side by side, again and again."""
    home = set_up(tmp_path)
    for number in range(1, 9):
        drop(home, "a")
        drop(home, "b")
        execute(home)
        assert len(outcomes(home, "both")) == number
    used = [run for record in records(home, "both") for run in record["origin"]["runs"].values()]
    assert len(used) == len(set(used)) == 16


def test_what_keeps_a_join_from_coming(tmp_path: Path) -> None:
    """Disabled, too deep, a failure, started without follow-ups: none is joined, and a broken neighbour does not matter."""
    home = set_up(tmp_path, "enabled: false\nafter: [{task: a}]\n")
    Path(home.tasks, "broken.yaml").write_text("promt: after\n")
    drop(home, "a")
    execute(home)
    assert outcomes(home, "both") == []
    command_task(home, "both", "true", more="after: [{task: a}]\n")
    drop(home, "x.json", '{"task": "a", "origin": {"trigger": "manual", "follow_ups": false}}')
    execute(home)
    assert outcomes(home, "both") == []
    drop(
        home,
        "y.json",
        '{"task": "a", "origin": {"trigger": "x", "parent": "p-1", "trace_id": "aaaa1111", "depth": 4}}',
    )
    execute(home)
    assert outcomes(home, "both") == []
    assert [(event["on"], event["target"], event["reason"]) for event in events(home, "not_followed")] == [
        ("after", "both", "too_deep")
    ]
    Path(home.config).write_text("follow_ups: {width: 1}\n")
    command_task(home, "a", "true", more="lane: one\non_success: [{log: done}]\n")
    drop(home, "a")
    execute(home)
    assert [event["reason"] for event in events(home, "not_followed")] == ["too_deep", "too_many"]
    command_task(home, "a", "false", more="lane: one\n")
    drop(home, "a")
    execute(home)
    assert outcomes(home, "both") == []


@pytest.mark.slow
def test_execs_that_are_killed_let_a_join_come_once(tmp_path: Path) -> None:
    """The run that completes the set may be lost, and then its success is not known.

    tests/runner/test_follow.py kills at every step of settling; here it is every few steps of a whole exec.
    """
    seen = []
    for step, home in stages.at_each(range(3, 2000, STRIDE), tmp_path, set_up):
        drop(home, "a")
        execs.run(home, "exec")
        drop(home, "b")
        killed, what = execs.kill_at(home, step)
        if not killed:
            break
        execs.run(home, "exec")
        where = f"step {step}: {what}"
        (ended,) = outcomes(home, "b")
        assert len(outcomes(home, "both")) == (ended == "succeeded"), where
        left = {place: names for place, names in everything(home).items() if place != "dead"}
        assert left == {}, where
        seen.append(ended)
    assert "succeeded" in seen
