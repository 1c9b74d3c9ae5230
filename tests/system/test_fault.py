"""An internal fault at each step of the walk: the request at which it happens is kept, and all others run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from tests.workshop import command_task, drop, events, everything, execute, make_home, outcomes, records

# Steps at which one request fails again and again, and then is given up.
OF_A_REQUEST = ("claimed", "gates", "begin", "record", "settle", "effect", "unmark", "recover")
# Steps of no request: what they have to do is left for the next exec. The budgets are looked at when the run is settled.
OF_THE_DRAIN = ("due", "promote", "tidy", "budgets")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two lanes with a task each."""
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    command_task(home, "other", "/bin/true", more="lane: other\n")
    return home


def drop_three(home: Home) -> None:
    """The second of three requests in one lane is the one to fail; a fourth is in another lane."""
    for name in ("first", "wrong", "third"):
        drop(home, f"{name}.json", f'{{"task": "work", "id": "{name}"}}')
    drop(home, "other")


def ran(home: Home) -> set[str]:
    """The requests that ran to their end."""
    return {record["request_id"] for record in records(home, "work") if record["outcome"] == "succeeded"}


@pytest.mark.parametrize("step", OF_A_REQUEST)
def test_the_others_run(home: Home, tmp_path: Path, step: str) -> None:
    """Exec is content, the lane goes on in the same exec, and the request is in dead/ with its reason, or ran."""
    temporary = tmp_path / "tmpdir"
    temporary.mkdir()
    drop_three(home)
    more = {"TMPDIR": str(temporary), "CLODPUTER_FAULT": f"{step}@wrong"}
    execute(home, extra=more)
    places = everything(home)
    dead = places.pop("dead", [])
    assert places == {}
    assert {"first", "third"} <= ran(home)
    assert outcomes(home, "other") == ["succeeded"]
    if step == "recover":
        assert dead == []  # nothing had to be recovered
    elif step == "unmark":
        assert dead == []
        assert "wrong" in ran(home)
    else:
        assert any("wrong" in name for name in dead)
    assert step == "recover" or events(home, "fault")
    assert slot.content(home, Slot("default", 0)) == (None, "", "", False)
    assert os.listdir(temporary) == []
    drop(home, "last.json", '{"task": "work", "id": "last"}')
    execute(home)
    assert "last" in ran(home)


def test_a_fault_before_the_agent_is_started_ends_the_run(home: Home) -> None:
    """It is a run with the reason `internal`, as ever."""
    drop_three(home)
    execute(home, extra={"CLODPUTER_FAULT": "prepare@wrong"})
    assert sorted(outcomes(home, "work")) == ["failed", "succeeded", "succeeded"]
    assert {record["reason"] for record in records(home, "work")} == {"completed", "internal"}
    assert everything(home) == {}


@pytest.mark.parametrize("step", OF_THE_DRAIN)
def test_the_drain_goes_on(home: Home, step: str) -> None:
    """What waits is run all the same, and the fault is in the log."""
    drop_three(home)
    execute(home, extra={"CLODPUTER_FAULT": step})
    assert ran(home) == {"first", "wrong", "third"}
    assert {event["step"] for event in events(home, "fault")} <= {step}
    execute(home)


@pytest.mark.parametrize("after", ["begin", "settle"])
def test_the_runs_are_gone_when_an_exec_died(home: Home, after: str) -> None:
    """All of runs/ is deleted while a request is in the slot: the lane goes on."""
    drop(home, "wrong.json", '{"task": "work", "id": "wrong"}')
    execute(home, extra={"CLODPUTER_FAULT": f"{after}@wrong"})
    drop(home, "next.json", '{"task": "work", "id": "next"}')
    shutil.rmtree(home.runs)
    execute(home)
    assert ran(home) == {"next"}
    assert os.path.isdir(home.runs)


def test_the_run_folder_is_deleted_while_it_runs(home: Home) -> None:
    """The program itself removes all runs: the record is written all the same, and the next request runs."""
    command_task(home, "work", "/bin/sh", "-c", f"rm -rf {home.runs}")
    drop(home, "a.json", '{"task": "work", "id": "aaaa"}')
    drop(home, "other")
    execute(home)
    places = everything(home)
    places.pop("dead", None)
    assert places == {}
    assert slot.content(home, Slot("default", 0)) == (None, "", "", False)
    execute(home)


def test_runs_on_another_file_system(home: Home) -> None:
    """Where a rename cannot reach, the request is copied; the slot is free afterwards."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or os.stat(shared).st_dev == os.stat(home.spool).st_dev:
        pytest.skip("there is no second file system here")
    elsewhere = shared / f"clodputer-test-{os.getpid()}"
    elsewhere.mkdir()
    try:
        os.rmdir(home.runs)
        os.symlink(elsewhere, home.runs)
        for name in ("aaaa", "bbbb"):
            drop(home, f"{name}.json", f'{{"task": "work", "id": "{name}"}}')
        execute(home)
        assert ran(home) == {"aaaa", "bbbb"}
        assert everything(home) == {}
        assert len(list(elsewhere.glob("work/*/dropped.json"))) == 2
    finally:
        shutil.rmtree(elsewhere)
