"""Supervising: how runs end, the clocks, the stream, and being stopped oneself; every process here is a real one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.runner.families import gone, pid_in
from tests.runner.supervising import Supervisor, run, sh
from tests.wait import until

# Either way of containing a run; the second is that of macOS.
MEANS = pytest.mark.parametrize(
    "means",
    [
        pytest.param({}, id="native"),
        pytest.param({"psutil": True, "by_fork": True}, id="psutil"),
    ],
)


@MEANS
def test_a_normal_end(tmp_path: Path, means: dict[str, Any]) -> None:
    """Each line is heard once, the exit status kept, nothing swept, and nobody waits for a clock."""
    told = run(tmp_path, sh("echo one; echo two; echo oops >&2; exit 7"), **means)
    assert told.ended == {
        "exit_status": 7,
        "signal": None,
        "stopped": "",
        "stderr_tail": "oops\n",
        "swept": [],
    }
    assert told.progress == {
        "started": True,
        "busy": False,
        "done": False,
        "hopeless": "",
        "tokens": 0,
        "shares": {},
        "notes": [2, 3, "two"],
    }
    assert told.stdout.read_text() == "one\ntwo\n"
    assert told.seconds < 20
    assert [len(record) for record in told.recorded] == [1]


@MEANS
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_an_end_by_signal(tmp_path: Path, means: dict[str, Any], number: int) -> None:
    """A signal that was not ours, and that we were not sent."""
    ended = run(tmp_path, sh(f"kill -{number:d} $$"), **means).ended
    assert (ended["exit_status"], ended["signal"], ended["stopped"]) == (None, number, "")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """Nothing to supervise."""
    assert run(tmp_path, ["/no/such/program"]).error.startswith(
        "not_started: there is no program /no/such/program"
    )


@MEANS
def test_startup_clock(tmp_path: Path, means: dict[str, Any]) -> None:
    """No first event in time, although something was logged."""
    told = run(
        tmp_path,
        sh("echo starting >&2; exec sleep 60"),
        launch={"startup_timeout": 0.4, "stall_timeout": 40.0},
        **means,
    )
    assert (told.ended["stopped"], told.ended["signal"]) == ("startup_hang", signal.SIGTERM)
    assert 0.4 <= told.seconds < 30


def test_startup_clock_stops_at_the_first_event(tmp_path: Path) -> None:
    """A slow run is no hang."""
    told = run(tmp_path, sh("echo one; sleep 2; exit 3"), launch={"startup_timeout": 1.5})
    assert (told.ended["stopped"], told.ended["exit_status"]) == ("", 3)


def test_stall_clock(tmp_path: Path) -> None:
    """It runs from the last growth of either file."""
    told = run(
        tmp_path,
        sh("for i in 1 2 3 4; do sleep 0.3; echo $i >&2; done; exec sleep 60"),
        launch={"stall_timeout": 1.5},
    )
    assert told.ended["stopped"] == "stall"
    assert told.stderr.read_text().split() == ["1", "2", "3", "4"]
    assert 2.6 <= told.seconds < 30


def test_a_busy_agent_does_not_stall(tmp_path: Path) -> None:
    """The stall clock stands still while a tool runs, and goes on afterwards."""
    told = run(tmp_path, sh("echo busy; sleep 1.5; echo idle; exec sleep 60"), launch={"stall_timeout": 1.0})
    assert (told.ended["stopped"], told.progress["busy"]) == ("stall", False)
    assert told.seconds >= 2.5


@MEANS
def test_wall_clock(tmp_path: Path, means: dict[str, Any]) -> None:
    """However lively it is."""
    told = run(
        tmp_path,
        sh("while :; do echo busy; sleep 0.05; done"),
        launch={"timeout": 0.7, "stall_timeout": 40.0},
        **means,
    )
    assert told.ended["stopped"] == "timeout"
    assert 0.7 <= told.seconds < 30


def test_a_result_and_no_exit(tmp_path: Path) -> None:
    """After the result there is a time of grace; noise on stderr does not prolong it, and no other clock is named."""
    script = "echo done; while :; do echo noise >&2; sleep 0.1; done"
    told = run(tmp_path, sh(script), launch={"exit_grace": 0.6, "stall_timeout": 0.3})
    assert (told.ended["stopped"], told.progress["done"]) == ("exit_grace", True)
    assert 0.6 <= told.seconds < 30


def test_a_result_and_a_slow_exit(tmp_path: Path) -> None:
    """Who leaves in time was not stopped; more on stdout prolongs the time."""
    told = run(
        tmp_path,
        sh("echo done; for i in 1 2 3; do sleep 0.4; echo $i; done; exit 0"),
        launch={"exit_grace": 2.0},
    )
    assert (told.ended["stopped"], told.ended["exit_status"]) == ("", 0)


@MEANS
def test_polite_one_gets_time_to_clean_up(tmp_path: Path, means: dict[str, Any]) -> None:
    """SIGTERM first, to it alone: its own helper is still there while it cleans up."""
    script = (
        "trap 'kill -0 $helper && echo helped; sleep 0.3; kill $helper; wait $helper; echo cleaned; exit 143' TERM;"
        "sleep 60 & helper=$!; echo ready; while :; do sleep 0.05; done"
    )
    told = run(tmp_path, sh(script), launch={"timeout": 1.2}, **means)
    assert (told.ended["stopped"], told.ended["exit_status"], told.ended["swept"]) == ("timeout", 143, [])
    assert told.stdout.read_text().split() == ["ready", "helped", "cleaned"]
    assert told.progress["notes"][0] == 3


@MEANS
def test_one_that_is_deaf_to_sigterm(tmp_path: Path, means: dict[str, Any]) -> None:
    """SIGKILL after the grace, and not before."""
    told = run(
        tmp_path, sh("trap '' TERM; sleep 60; sleep 60"), launch={"timeout": 1.0, "stop_grace": 0.6}, **means
    )
    assert (told.ended["stopped"], told.ended["signal"]) == ("timeout", signal.SIGKILL)
    assert 1.6 <= told.seconds < 30


def test_one_that_is_stopped(tmp_path: Path) -> None:
    """SIGSTOP cannot keep it from obeying."""
    told = run(
        tmp_path,
        sh("trap 'exit 5' TERM; kill -STOP $$; sleep 60"),
        launch={"timeout": 1.0, "stop_grace": 40.0},
    )
    assert (told.ended["stopped"], told.ended["exit_status"]) == ("timeout", 5)
    assert told.seconds < 30


@pytest.mark.parametrize("on_term", ["", "trap 'exit 143' TERM; "], ids=["by signal", "by status"])
def test_a_signal_to_everybody(tmp_path: Path, on_term: str) -> None:
    """As at a shutdown: the agent obeys before we can tell it to, and is interrupted all the same."""
    script = f"{on_term}echo $$ > pid; mv pid ready; while :; do sleep 0.05; done"
    supervisor = Supervisor(tmp_path, sh(script))
    until((tmp_path / "ready").exists)
    supervisor.process.send_signal(signal.SIGSTOP)
    agent = psutil.Process(int((tmp_path / "ready").read_text()))
    agent.terminate()
    until(lambda: agent.status() == psutil.STATUS_ZOMBIE)
    supervisor.process.send_signal(signal.SIGTERM)
    supervisor.process.send_signal(signal.SIGCONT)
    assert supervisor.told().ended["stopped"] == "interrupted"


@MEANS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_us_stops_the_run(tmp_path: Path, means: dict[str, Any], number: int) -> None:
    """And a second one does not cut the containment short."""
    script = "trap '' TERM HUP INT; (trap '' TERM; setsid sleep 60) & echo $! > inner; echo ready > ready; sleep 60"
    supervisor = Supervisor(tmp_path, sh(script), launch={"stop_grace": 0.6}, **means)
    until((tmp_path / "ready").exists)
    # Without a subreaper, only what was seen below the agent, or carries its tag, can be found.
    until(lambda: len(supervisor.recorded()) > 1, message="its children were not recorded")
    supervisor.process.send_signal(number)
    supervisor.process.send_signal(number)
    told = supervisor.told()
    assert (told.ended["stopped"], told.ended["signal"]) == ("interrupted", signal.SIGKILL)
    assert not any(row["alive"] for row in told.ended["swept"])


@MEANS
def test_a_fault_of_ours_leaves_nothing_behind(tmp_path: Path, means: dict[str, Any]) -> None:
    """What is raised while a run is followed is raised again, after the run was killed."""
    script = "trap '' TERM; setsid sleep 60 & echo $! > pid; exec sleep 60"
    told = run(tmp_path, sh(script), disk=1, **means)
    assert told.error == "OSError: the disk is full"
    agent = told.recorded[0][0][0]
    assert gone(agent)
    assert gone(pid_in(tmp_path / "pid"))


def test_descendants_are_recorded(tmp_path: Path) -> None:
    """With their start and session, as soon as they are seen, and only when there is somebody new."""
    script = "sleep 60 & setsid sleep 60 & echo $! > pid; touch ready; while [ ! -e go ]; do sleep 0.05; done"
    supervisor = Supervisor(tmp_path, sh(script))
    pid = int(until(lambda: (tmp_path / "ready").exists() and (tmp_path / "pid").read_text()))
    known = until(
        lambda: {row[0]: row for row in supervisor.recorded()} if len(supervisor.recorded()) > 2 else {}
    )
    agent = supervisor.recorded()[0]
    assert agent[2] == agent[0]
    assert os.getpgid(agent[0]) == agent[0]
    assert known[pid][2] == pid
    (tmp_path / "go").touch()
    told = supervisor.told()
    assert {row[0] for row in told.recorded[0]} == {agent[0]}
    assert len(told.ended["swept"]) == 2
