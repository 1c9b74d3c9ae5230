"""exec with several lanes: side by side, stopped together, and one of them killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from clodputer.store.home import Home
from tests.system.test_exec import waiting_task
from tests.wait import until
from tests.workshop import alive, clodputer, drop, everything, make_home, outcomes, records, start


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def test_lanes_run_side_by_side(home: Home, tmp_path: Path) -> None:
    """Of one exec, three lanes at the same time; each is strictly serial, and all records are handed back."""
    for name in ("left", "right", "middle"):
        waiting_task(home, name, tmp_path, f"lane: {name}\n")
        drop(home, name)
    drop(home, "again.json", '{"task": "left"}')
    running = start(home, "exec", "--json")
    until(lambda: all((tmp_path / f"{name}.began").exists() for name in ("left", "right", "middle")))
    assert len(everything(home)["left/queue/3"]) == 1
    for name in ("left", "right", "middle"):
        (tmp_path / f"{name}.go").touch()
    stdout, _ = running.communicate(timeout=100)
    runs = json.loads(stdout)["data"]["runs"]
    assert sorted(run["task"] for run in runs) == ["left", "left", "middle", "right"]
    assert everything(home) == {}


def test_sigterm_stops_every_lane(home: Home, tmp_path: Path) -> None:
    """A stop is passed on to all lanes: each stops its run and puts its request back; exec exits 0."""
    for name in ("left", "right"):
        waiting_task(home, name, tmp_path, f"lane: {name}\n")
        drop(home, name)
    running = start(home, "exec")
    pids = [
        int(until(lambda path=tmp_path / f"{name}.began": path.exists() and path.read_text()))  # type: ignore[misc]
        for name in ("left", "right")
    ]
    running.terminate()
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 0, stderr
    assert not any(alive(pid) for pid in pids)
    assert sorted(everything(home)) == ["left/queue/3", "right/queue/3"]
    assert {record["reason"] for name in ("left", "right") for record in records(home, name)} == {
        "interrupted"
    }


def test_a_killed_lane_is_told_and_recovered(home: Home, tmp_path: Path) -> None:
    """When the process of one lane is killed, exec says so with exit 1, and the next exec settles its run as lost."""
    for name in ("left", "right"):
        waiting_task(home, name, tmp_path, f"lane: {name}\n")
        drop(home, name)
    running = start(home, "exec")
    pid = int(
        str(until(lambda: (tmp_path / "left.began").exists() and (tmp_path / "left.began").read_text()))
    )
    keeper = psutil.Process(pid).parent()
    assert keeper is not None
    lane = keeper.ppid()
    assert running.pid not in (keeper.pid, lane)
    os.kill(lane, signal.SIGKILL)
    until((tmp_path / "right.began").exists)
    (tmp_path / "right.go").touch()
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 1
    assert "lane left" in stderr
    clodputer(home, "exec")
    assert outcomes(home, "left") == ["lost"]
    assert outcomes(home, "right") == ["succeeded"]
    assert not alive(pid)


def test_lanes_whose_exec_is_killed_go_on_quietly(home: Home, tmp_path: Path) -> None:
    """Each lane ends its run, and says nothing of the exec that nobody waits for any more: cron would mail it."""
    for name in ("left", "right"):
        waiting_task(home, name, tmp_path, f"lane: {name}\n")
        drop(home, name)
    running = start(home, "exec")
    until(lambda: all((tmp_path / f"{name}.began").exists() for name in ("left", "right")))
    running.kill()
    for name in ("left", "right"):
        (tmp_path / f"{name}.go").touch()
    # Its end is open until the last of the lanes has ended.
    assert running.communicate(timeout=100) == ("", "")
    assert outcomes(home, "left") == outcomes(home, "right") == ["succeeded"]
    assert everything(home) == {}
