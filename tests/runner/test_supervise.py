"""Supervising: how runs end, the clocks, the stream, and being stopped oneself; every process here is a real one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.runner.families import gone, pid_in
from tests.runner.supervising import Supervisor, below, run, sh
from tests.wait import at_some_pace, until

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


def test_stall_clock(tmp_path: Path) -> None:
    """It runs from the last growth of either file, and stands still while a tool runs."""

    def holds(unit: float) -> None:
        pause = f"sleep {unit / 2}"
        logs = f"for i in 1 2 3; do {pause}; echo $i >&2; done"
        works = f"echo busy; {pause}; {pause}; {pause}; echo idle"
        script = f"{logs}; {works}; exec sleep 60"
        told = run(below(tmp_path, unit), sh(script), launch={"stall_timeout": unit})
        assert (told.ended["stopped"], told.progress["busy"]) == ("stall", False)
        assert told.stderr.read_text().split() == ["1", "2", "3"]
        assert 4 * unit <= told.seconds < 60 * unit

    at_some_pace(holds)


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
    """After the result there is a time of grace; noise on stderr does not prolong it."""
    script = "echo done; while :; do echo noise >&2; sleep 0.1; done"
    told = run(tmp_path, sh(script), launch={"exit_grace": 0.6})
    assert (told.ended["stopped"], told.progress["done"]) == ("exit_grace", True)
    assert 0.6 <= told.seconds < 30


def test_a_result_and_a_slow_exit(tmp_path: Path) -> None:
    """Who leaves in time was not stopped; more on stdout prolongs the time."""

    def holds(unit: float) -> None:
        script = f"echo done; for i in 1 2 3; do sleep {unit / 2}; echo $i; done; exit 0"
        told = run(below(tmp_path, unit), sh(script), launch={"exit_grace": unit})
        assert (told.ended["stopped"], told.ended["exit_status"]) == ("", 0)

    at_some_pace(holds)


@MEANS
def test_polite_one_gets_time_to_clean_up(tmp_path: Path, means: dict[str, Any]) -> None:
    """SIGTERM first, to it alone: its own helper is still there while it cleans up."""
    script = (
        "trap 'kill -0 $helper && echo helped; sleep 0.3; kill $helper; wait $helper; echo cleaned; exit 143' TERM;"
        "sleep 60 & helper=$!; echo ready; while :; do sleep 0.05; done"
    )

    def holds(unit: float) -> None:
        told = run(below(tmp_path, unit), sh(script), launch={"timeout": 2 * unit}, **means)
        assert (told.ended["stopped"], told.ended["exit_status"]) == ("timeout", 143)
        assert told.ended["swept"] == []
        assert told.stdout.read_text().split() == ["ready", "helped", "cleaned"]
        assert told.progress["notes"][0] == 3

    at_some_pace(holds)


@MEANS
def test_one_that_is_deaf_to_sigterm(tmp_path: Path, means: dict[str, Any]) -> None:
    """SIGKILL after the grace, and not before."""

    def holds(unit: float) -> None:
        launch = {"timeout": 2 * unit, "stop_grace": unit}
        told = run(below(tmp_path, unit), sh("trap '' TERM; sleep 60; sleep 60"), launch=launch, **means)
        assert (told.ended["stopped"], told.ended["signal"]) == ("timeout", signal.SIGKILL)
        assert 3 * unit <= told.seconds < 60 * unit

    at_some_pace(holds)


def test_one_that_is_stopped(tmp_path: Path) -> None:
    """SIGSTOP cannot keep it from obeying."""

    def holds(unit: float) -> None:
        script = "trap 'exit 5' TERM; kill -STOP $$; sleep 60"
        told = run(below(tmp_path, unit), sh(script), launch={"timeout": 2 * unit})
        assert (told.ended["stopped"], told.ended["exit_status"]) == ("timeout", 5)

    at_some_pace(holds)


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
    told = run(tmp_path, sh("trap '' TERM; setsid sleep 60 & exec sleep 60"), disk=1, **means)
    assert told.error == "OSError: the disk is full"
    assert len(told.recorded[0]) == 1
    assert len(told.recorded[-1]) > 1
    assert all(gone(row[0]) for row in told.recorded[-1])


def test_descendants_are_recorded(tmp_path: Path) -> None:
    """With their start and session, as soon as they are seen, and only when there is somebody new."""
    script = (
        "sleep 60 & echo $! > first; setsid sleep 60 & echo $! > pid; while [ ! -e go ]; do sleep 0.05; done"
    )
    supervisor = Supervisor(tmp_path, sh(script))
    first, pid = pid_in(tmp_path / "first"), pid_in(tmp_path / "pid")
    # One that has just been forked is still in the session of the agent.
    until(
        lambda: {(first, False), (pid, True)} <= {(row[0], row[2] == row[0]) for row in supervisor.recorded()}
    )
    agent = supervisor.recorded()[0]
    assert agent[2] == agent[0]
    assert os.getpgid(agent[0]) == agent[0]
    (tmp_path / "go").touch()
    told = supervisor.told()
    assert {row[0] for row in told.recorded[0]} == {agent[0]}
    assert len(told.ended["swept"]) == 2
