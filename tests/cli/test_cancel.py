"""`clodputer cancel` and `clodputer retry`: what they say, in each case, and with which exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.model.request import Place
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.runner.requests import cancel
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import layout, slot
from clodputer.store.spool.slot import Slot
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    everything,
    execute,
    make_home,
    records,
    start,
)

LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    return home


def delayed(home: Home, *ids: str) -> None:
    """Requests that wait."""
    for each in ids:
        drop(home, f"{each}.json", json.dumps({"task": "work", "id": each, "not_before": LATER}))
    execute(home)


def test_cancel_and_retry_what_waits(home: Home) -> None:
    delayed(home, "mine-0001")
    stdout, stderr = clodputer(home, "cancel", "mine")
    assert ("work mine-0001 cancelled before it ran" in stdout, stderr) == (True, "")
    assert "was cancelled before" in clodputer(home, "cancel", "mine-0001")[0]
    assert "mine-0001" in clodputer(home, "queue", "--closed")[0]
    envelope = json.loads(clodputer(home, "retry", "mine-0001", "--json")[0])
    [retried] = envelope["data"]["retried"]
    assert (retried["retries"], retried["task"], retried["already"]) == ("mine-0001", "work", False)
    assert f"already retried, as request {retried['request_id']}" in clodputer(home, "retry", "mine-0001")[0]
    assert [run["outcome"] for run in execute(home)["runs"]] == ["succeeded"]


def test_cancel_as_json(home: Home) -> None:
    delayed(home, "mine-0001", "mine-0002", "mine-0003")
    _, stderr = clodputer(home, "cancel", "mine", status=1)
    assert "3 requests fit 'mine': mine-0001 (delayed), mine-0002 (delayed), mine-0003 (delayed)" in stderr
    envelope = json.loads(clodputer(home, "cancel", "--all-of", "work", "--json")[0])
    found = envelope["data"]["cancelled"]
    assert [(one["result"], one["was"], one["task"]) for one in found] == [
        ("cancelled", "delayed", "work")
    ] * 3
    assert set(found[0]) == {"result", "request_id", "task", "was", "kept", "run_id", "outcome", "stale"}
    assert "Nothing of work waits or runs." in clodputer(home, "cancel", "--all-of", "work")[0]


def test_a_running_task(home: Home, tmp_path: Path) -> None:
    command_task(home, "long", "/bin/sh", "-c", f"touch {tmp_path}/began; exec sleep 300")
    running = start(home, "run", "long")
    until((tmp_path / "began").exists)
    stdout, _ = clodputer(home, "cancel", "--all-of", "long")
    assert "ended as cancelled" in stdout
    running.communicate(timeout=100)
    assert running.returncode == 130
    run_id = records(home, "long")[0]["run_id"]
    assert f"run {run_id} was cancelled before" in clodputer(home, "cancel", run_id)[0]


def test_a_run_whose_exec_died(home: Home) -> None:
    """Nobody will answer: told at once, with what settles it."""
    place = Place(1, 3, "work-0001", "work.json")
    layout.make_lane(home, "default")
    Path(slot.path(home, Slot("default", 0), place)).write_text('{"task": "work"}')
    me = tree.identity(os.getpid())
    assert me is not None
    run_id = runs.new_id(time() - 90, place.id)
    slot.mark(
        home, Slot("default", 0), "work", run_id, recorded.written(me._replace(started="another boot/1"))
    )
    context = look(environment(home))
    # With a patience that would time the test out, were it waited for.
    found = cancel.find(context, "work-0001")
    assert found is not None
    done = cancel.cancel(context, found, 1e6)
    assert (done.result, done.run_id, done.stale) == ("asked", run_id, True)
    told, _ = clodputer(home, "cancel", "work-0001")
    assert "the exec that had it died, and the next one settles its run: clodputer exec" in told
    execute(home)
    assert "default/slot-0" not in everything(home)


def test_a_person_who_waits_for_what_is_cancelled(home: Home, tmp_path: Path) -> None:
    """`clodputer run` behind another run is told, and does not wait for ever."""
    command_task(home, "long", "/bin/sh", "-c", f"touch {tmp_path}/began; exec sleep 300")
    drop(home, "long")
    first = start(home, "exec")
    until((tmp_path / "began").exists)
    second = start(home, "run", "work")
    until(lambda: "queued" in clodputer(home, "queue", "--json")[0])
    clodputer(home, "cancel", "--all-of", "work")
    _, stderr = second.communicate(timeout=100)
    assert second.returncode == 1
    assert "was cancelled" in stderr
    clodputer(home, "cancel", "--all-of", "long")
    first.communicate(timeout=100)


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["cancel"], 2, "one request or run"),
        (["cancel", "x", "--all-of", "work"], 2, "one request or run"),
        (["cancel", "nobody"], 1, "no request and no run fits 'nobody'"),
        (["cancel", "work"], 1, "clodputer cancel --all-of work"),
        (["cancel", "--all-of", "wrok"], 1, "did you mean 'work'?"),
        (["retry"], 2, "one run, request or task"),
        (["retry", "nobody"], 1, "no run and no request that has ended fits"),
        (["retry", "wait"], 1, "request wait-0001 has not ended: it is delayed"),
    ],
)
def test_mistakes(home: Home, arguments: list[str], status: int, told: str) -> None:
    delayed(home, "wait-0001")
    stdout, stderr = clodputer(home, *arguments, status=status)
    assert (stdout, told in stderr) == ("", True), stderr


def test_too_late(home: Home) -> None:
    drop(home, "work")
    execute(home)
    run_id = records(home, "work")[0]["run_id"]
    assert f"run {run_id} of work ended as succeeded" in clodputer(home, "cancel", run_id, status=1)[1]


def test_all_that_was_given_up(home: Home) -> None:
    assert clodputer(home, "retry", "--all-dead")[0] == "Nothing was given up.\n"
    drop(home, "a.json", '{"task": "work", "expires_at": "2020-01-01T00:00:00Z"}')
    execute(home)
    assert "dropped again" in clodputer(home, "retry", "--all-dead")[0]
    assert len(execute(home)["runs"]) == 1
