"""Requests that a gate keeps waiting: the others of their lane go on, nothing is lost, and they run in their old order."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.store import holds
from clodputer.store.holds import Hold, Target
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool.requests import waits
from tests.slots import make_due
from tests.system import execs
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
)

HELD = Target("task", "held")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two tasks in one lane, one of them on hold."""
    home = make_home(tmp_path)
    command_task(home, "held", "/bin/true")
    command_task(home, "free", "/bin/true")
    holds.place(home, HELD, Hold("paused", "by Ada", time(), None))
    return home


def test_a_task_on_hold_lets_the_others_of_its_lane_go_on(home: Home) -> None:
    """It waits with its reason, which every command tells; when the hold is lifted, it runs in its old order."""
    for number in range(3):
        drop(home, f"{number}.json", json.dumps({"task": "held", "id": f"held-{number}"}))
        drop(home, f"{number}-free.json", json.dumps({"task": "free"}))
    assert [run["task"] for run in execute(home)["runs"]] == ["free"] * 3
    assert len(everything(home)["default/delayed"]) == 3
    queue = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert {row["waits"]["reason"] for row in queue} == {"hold"}
    assert {row["waits"]["message"] for row in queue} == {"task held is on hold (paused): by Ada"}
    text = clodputer(home, "queue")[0]
    assert "task held is on hold (paused)" in text
    assert text.count("It goes on when the hold ends, or at once after: clodputer resume") == 1
    assert all("clodputer resume" in row["waits"]["ends"] for row in queue)
    assert "task held is on hold until it is lifted (paused)" in clodputer(home, "why", "held")[0]
    for command in (("status",), ("why", "held"), ("next",), ("next", "held"), ("list",)):
        data = json.loads(clodputer(home, *command, "--json")[0])["data"]
        told = data["tasks"][1]["waits"] if command == ("list",) else data["waits"]
        assert [(one["task"], one["reason"], one["requests"]) for one in told] == [("held", "hold", 3)]
        assert "clodputer resume" in told[0]["ends"]
        if command != ("status",):
            assert "3 requests: task held is on hold (paused): by Ada" in clodputer(home, *command)[0]
    assert json.loads(clodputer(home, "next", "free", "--json")[0])["data"]["waits"] == []
    assert "task held until it is lifted (paused): by Ada" in clodputer(home, "status")[0]

    make_due(home)
    assert execute(home)["runs"] == []
    assert len(everything(home)["default/delayed"]) == 3
    assert len(events(home, "delayed")) == 3, "waiting on is told once"
    assert events(home, "promoted") == []

    holds.lift(home, HELD)
    make_due(home)
    drop(home, "late.json", '{"task": "held", "id": "held-late"}')
    execute(home)
    ran = [record["request_id"] for record in records(home, "held")]
    assert ran == ["held-0", "held-1", "held-2", "held-late"]
    assert everything(home) == {}
    assert os.listdir(f"{home.lanes}/default/waits") == []


def test_since_when_is_that_of_the_reason(home: Home) -> None:
    """Another exec that takes long to let a run begin is no new reason to wait when it was the reason before."""
    drop(home, "one.json", '{"task": "free", "id": "free-0001"}')
    lock = Lock(f"{home.ledger}/admission.lock")
    assert lock.acquire()
    try:
        execute(home)
        first = waits.read(home, "default", "free-0001")
        assert first is not None
        assert first.reason == "admission"
        waits.write(home, "default", "free-0001", first._replace(message="as before", since=1_700_000_000.0))
        make_due(home)
        execute(home)
    finally:
        lock.release()
    waiting = waits.read(home, "default", "free-0001")
    assert waiting is not None
    assert (waiting.since, waiting.message) == (1_700_000_000.0, first.message)
    make_due(home)
    execute(home)
    assert outcomes(home, "free") == ["succeeded"]
    assert waits.read(home, "default", "free-0001") is None


def test_a_hold_with_an_end_is_over_then(home: Home) -> None:
    """The request is asked about again when its hold ends, not five minutes later."""
    until = time() + 60
    holds.place(home, HELD, Hold("usage_limit", "", time(), until))
    drop(home, "held")
    execute(home)
    (name,) = everything(home)["default/delayed"]
    assert abs(int(name.split(".")[0]) / 1e6 - until) < 0.01


def test_everything_on_hold(home: Home) -> None:
    """Drops are taken in and wait in their queues; nothing is claimed."""
    holds.place(home, Target("all"), Hold("stop", "", time(), None))
    drop(home, "free")
    drop(home, "held")
    assert execute(home)["runs"] == []
    assert len(everything(home)["default/queue/3"]) == 2
    assert "everything until it is lifted (stop)" in clodputer(home, "status")[0]
    _, stderr = clodputer(home, "run", "free", status=75)
    assert "everything is on hold until it is lifted (stop)" in stderr
    holds.lift(home, Target("all"))
    assert {run["task"] for run in execute(home)["runs"]} == {"free"}


def test_a_damaged_hold_stops_only_what_it_names(home: Home) -> None:
    """The others run, exec is content, and status tells which file it is."""
    Path(holds.path(home, HELD)).write_text("{")
    drop(home, "held")
    drop(home, "free")
    assert [run["task"] for run in execute(home)["runs"]] == ["free"]
    assert holds.path(home, HELD) in clodputer(home, "status", extra={"COLUMNS": "1000"})[0]


def test_one_that_waits_can_be_cancelled(home: Home) -> None:
    """Nothing of it stays but the file in closed/."""
    drop(home, "held.json", '{"task": "held", "id": "held-1"}')
    execute(home)
    clodputer(home, "cancel", "held-1")
    assert everything(home) == {}
    assert waits.read(home, "default", "held-1") is None
    assert any(name.startswith("held-1.") for name in os.listdir(home.closed))


def test_looking_changes_nothing(home: Home) -> None:
    """Every looking command, while requests wait and a hold has ended: no file comes, goes or changes, and no lock is taken."""
    holds.place(home, Target("lane", "other"), Hold("paused", "", 1.0, 2.0))
    drop(home, "held")
    execute(home)

    def state() -> dict[str, tuple[int, bytes]]:
        paths = [path for path in Path(home.root).rglob("*") if path.is_file()]
        kept = [path for path in paths if not str(path).startswith(home.cache)]
        return {str(path): (path.stat().st_ino, path.read_bytes()) for path in kept}

    for command in (["status"], ["list"], ["queue"], ["why", "held"], ["next"]):
        clodputer(home, *command)
    before = state()
    for command in (["status"], ["list"], ["queue"], ["why", "held"], ["next"]):
        clodputer(home, *command)
        assert state() == before, command


@pytest.mark.slow
def test_killed_at_every_step_of_waiting(tmp_path: Path) -> None:
    """The request waits, or runs when the hold is lifted; it is never lost, and runs once."""
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        command_task(home, "held", "/bin/true")
        holds.place(home, HELD, Hold("paused", "", None, None))
        drop(home, "one.json", '{"task": "held", "id": "held-1"}')
        killed, what = execs.kill_at(home, step)
        execs.run(home, "exec")
        assert list(everything(home)) == ["default/delayed"], f"step {step}: {what}"
        assert waits.read(home, "default", "held-1") is not None, f"step {step}: {what}"
        holds.lift(home, HELD)
        make_due(home)
        execs.run(home, "exec")
        assert outcomes(home, "held") == ["succeeded"], f"step {step}: {what}"
        assert everything(home) == {}
        if not killed:
            return
    pytest.fail("it has no end")
