"""Budgets at work: real execs and slots, runs whose costs the log tells, and one that is asked for by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from time import time

import pytest

from clodputer.store.context import look
from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    make_home,
    records,
    start,
)

pytestmark = pytest.mark.system


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "other", "/bin/true")
    return home


def spent(home: Home, task: str, cost: float, lane: str = "default") -> None:
    """A run of today, as the log tells of it."""
    look(environment(home)).log(
        time(),
        "finished",
        task=task,
        lane=lane,
        account="claude",
        request_id=f"earlier-{task}",
        run_id=f"run-{task}-{cost}",
        outcome="succeeded",
        reason="completed",
        duration_seconds=1.0,
        cost_usd=cost,
    )


def ask(home: Home, *names: str) -> None:
    for name in names:
        drop(home, f"{name}.json", json.dumps({"task": name.partition("-")[0], "id": f"request-{name}"}))


def test_no_more_runs_than_a_day_may_have(home: Home) -> None:
    """The rest waits, with the reason; another task goes on, and a person is let through and counted."""
    command_task(home, "often", "/bin/true", more="budget: {runs_per_day: 2}\n")
    ask(home, "often-1", "often-2", "often-3", "often-4", "other-5")
    assert Counter(run["task"] for run in execute(home)["runs"]) == {"often": 2, "other": 1}
    waiting = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert [one["waits"]["reason"] for one in waiting] == ["budget", "budget"]
    said = clodputer(home, "run", "often")
    assert len(records(home, "often")) == 3
    over = "Task often: 2 runs a day are allowed (runs_per_day)."
    assert f"over budget: {over} A run by hand starts all the same" in said[1]
    assert over in " ".join(said[0].split()), "the record says so as well"
    assert f"over budget: {over}" in clodputer(home, "run", "often", "--no-wait")[1]
    assert [record["over_budget"] for record in records(home, "often")] == ["", "", over]
    near = [
        (event["budget"], event["limit"], event["used"], event["of"]) for event in events(home, "budget_near")
    ]
    assert near == [("Task often", "runs_per_day", 2.0, 2.0)]


@pytest.mark.parametrize(
    ("config", "ran"),
    [
        ("budget: {per_day: 5}\n", set()),
        ("budget: {per_day: 11}\n", {"work", "far"}),
        ("lanes: {default: {budget: {per_24h: 4}}}\n", {"far"}),
        ("lanes: {reports: {budget: {per_month: 1}}}\n", {"work"}),
    ],
)
def test_of_a_lane_and_of_everything(home: Home, config: str, ran: set[str]) -> None:
    """Five dollars are spent in two lanes; whichever budget that exhausts keeps its own tasks waiting."""
    Path(home.config).write_text(config)
    command_task(home, "work", "/bin/true")
    command_task(home, "far", "/bin/true", more="lane: reports\n")
    spent(home, "work", 4.0)
    spent(home, "far", 1.0, "reports")
    ask(home, "work-1", "far-2")
    assert {run["task"] for run in execute(home)["runs"]} == ran


def test_a_program_that_says_what_it_costs(home: Home) -> None:
    """The next run is expected to cost what its runs have cost, as with Claude: it does not begin when that is not left."""
    command_task(home, "paid", "/bin/echo", '{"cost_usd": 0.42}', more="budget: {per_day: 1}\n")
    ask(home, "paid-1", "paid-2", "paid-3")
    assert len(execute(home)["runs"]) == 2


def test_slots_side_by_side_do_not_exceed_it_together(home: Home, tmp_path: Path) -> None:
    """Four slots and three execs, and room for two runs: two begin, and while they last nothing else does."""
    Path(home.config).write_text("lanes: {default: {slots: 4}}\n")
    began, enough = tmp_path / "began", tmp_path / "enough"
    script = f"echo x >> {began}; while ! test -e {enough}; do sleep 0.05; done"
    command_task(home, "work", "/bin/sh", "-c", script, more="budget: {runs_per_day: 2}\n")
    ask(home, *(f"work-{number}" for number in range(6)))
    execs = [start(home, "exec") for _ in range(3)]
    until(lambda: len(waits(home)) == 4, message="the others do not wait")
    until(lambda: began.exists() and began.read_text() == "x\nx\n", message="not just two begin")
    enough.touch()
    for process in execs:
        process.communicate(timeout=100)
    assert len(records(home, "work")) == 2


def waits(home: Home) -> set[str]:
    return {event["request_id"] for event in events(home, "delayed") if event["reason"] == "budget"}
