"""What ends `run` cancels the one request it was called for: everything else that its drain runs goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Callable

import psutil
import pytest

from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests.cli.terminal import Terminal
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    everything,
    execute,
    outcomes,
    records,
    start,
)

PYTHON = sys.executable
WAITS = """
import os, sys, time
open(sys.argv[1] + '.new', 'w').write(str(os.getpid()))
os.rename(sys.argv[1] + '.new', sys.argv[1])
while not os.path.exists(sys.argv[2]):
    time.sleep(0.02)
"""


class Slow:
    """A task that runs until it may end."""

    def __init__(self, home: Home, folder: Path, name: str, more: str = "") -> None:
        self.home, self.name = home, name
        self._pid, self._go = folder / f"{name}.pid", folder / f"{name}.go"
        command_task(home, name, PYTHON, "-c", WAITS, str(self._pid), str(self._go), more=more)

    def begun(self) -> int:
        """Wait until it runs; its pid."""
        return int(until(lambda: self._pid.exists() and self._pid.read_text()) or 0)

    def started(self) -> bool:
        """Whether it has begun."""
        return self._pid.exists()

    def end(self) -> None:
        """Let it end, and wait for its record."""
        self._go.touch()
        until(lambda: records(self.home, self.name) or None)


def ctrl_c(terminal: Terminal) -> None:
    terminal.type("\x03")


def close_terminal(terminal: Terminal) -> None:
    os.close(terminal.master)
    terminal.master = os.open(os.devnull, os.O_RDONLY)


def end_by_sigterm(terminal: Terminal) -> None:
    os.kill(terminal.process.pid, signal.SIGTERM)


def wait_for_end(terminal: Terminal, act: Callable[[Terminal], None]) -> None:
    """130; or 1, when its terminal is closed and takes no answer."""
    assert terminal.process.wait(timeout=100) in ((1, 130) if act is close_terminal else (130,))


WAYS = pytest.mark.parametrize(
    ("act", "why"),
    [
        (ctrl_c, "It was stopped because a person asked for it."),
        (
            close_terminal,
            "It was stopped because the terminal in which `clodputer run` waited for it was closed.",
        ),
        (
            end_by_sigterm,
            "It was stopped because the `clodputer run` that waited for it was told to end (SIGTERM).",
        ),
    ],
    ids=["ctrl-c", "closed", "sigterm"],
)


@WAYS
def test_two_lanes(home: Home, tmp_path: Path, act: Callable[[Terminal], None], why: str) -> None:
    """A request dropped before with --no-wait is run beside ours, and goes on; only ours is cancelled, and says why."""
    ours, innocent = Slow(home, tmp_path, "ours"), Slow(home, tmp_path, "innocent", "lane: second\n")
    clodputer(home, "run", "innocent", "--no-wait")
    with Terminal(home, "run", "ours", columns=120) as terminal:
        pid, other = ours.begun(), innocent.begun()
        act(terminal)
        wait_for_end(terminal, act)
        assert not alive(pid)
        assert alive(other)
    (record,) = records(home, "ours")
    assert (record["outcome"], record["reason"], record["message"]) == ("cancelled", "cancelled", why)
    assert records(home, "innocent") == []
    innocent.end()
    assert outcomes(home, "innocent") == ["succeeded"]
    execute(home)
    assert len(records(home, "ours")) == len(records(home, "innocent")) == 1


@WAYS
def test_one_lane_behind_an_innocent_run(
    home: Home, tmp_path: Path, act: Callable[[Terminal], None], why: str
) -> None:
    """What runs before ours in its lane is not interrupted; ours is taken out of the queue."""
    Slow(home, tmp_path, "ours")
    innocent = Slow(home, tmp_path, "innocent")
    clodputer(home, "run", "innocent", "--no-wait", "--priority", "5")
    with Terminal(home, "run", "ours", columns=120) as terminal:
        other = innocent.begun()
        until(lambda: everything(home).get("default/queue/3"))
        act(terminal)
        wait_for_end(terminal, act)
        assert alive(other)
    (name,) = [name for name in os.listdir(home.closed) if not name.endswith(aside.REASON_SUFFIX)]
    message = aside.read(home.closed, name).message
    assert message == why.replace("It was stopped because", "Cancelled before it ran, because")
    innocent.end()
    assert outcomes(home, "innocent") == ["succeeded"]
    assert records(home, "ours") == []


def test_one_lane_before_an_innocent_request(home: Home, tmp_path: Path) -> None:
    """What waits behind ours is run after ours was cancelled, and not interrupted either."""
    ours, innocent = Slow(home, tmp_path, "ours"), Slow(home, tmp_path, "innocent")
    with Terminal(home, "run", "ours", columns=120) as terminal:
        ours.begun()
        clodputer(home, "run", "innocent", "--no-wait")
        ctrl_c(terminal)
        assert terminal.end() == 130
    assert outcomes(home, "ours") == ["cancelled"]
    assert alive(innocent.begun())
    innocent.end()
    assert outcomes(home, "innocent") == ["succeeded"]


def test_it_ends_with_its_own_run(home: Home, tmp_path: Path) -> None:
    """What else is run keeps neither us nor whoever reads our output waiting."""
    innocent = Slow(home, tmp_path, "innocent", "lane: second\n")
    command_task(home, "ours", PYTHON, "-c", "print('done')")
    clodputer(home, "run", "innocent", "--no-wait")
    stdout, _ = clodputer(home, "run", "ours", "--json")
    assert json.loads(stdout)["data"]["record"]["result"] == "done"
    assert alive(innocent.begun())
    innocent.end()
    assert outcomes(home, "innocent") == ["succeeded"]


def test_killed_it_leaves_the_run_alone(home: Home, tmp_path: Path) -> None:
    """Nobody saw a wish to cancel anything, so the run comes to its own end."""
    ours = Slow(home, tmp_path, "ours")
    process = start(home, "run", "ours")
    pid = ours.begun()
    process.kill()
    process.communicate(timeout=100)
    assert alive(pid)
    ours.end()
    assert outcomes(home, "ours") == ["succeeded"]


def test_what_fails_beside_it_is_not_its_answer(home: Home, tmp_path: Path) -> None:
    """The process of another lane is killed: the drain fails, and the run that was asked for has succeeded all the same."""
    ours, innocent = Slow(home, tmp_path, "ours"), Slow(home, tmp_path, "innocent", "lane: second\n")
    clodputer(home, "run", "innocent", "--no-wait")
    process = start(home, "run", "ours", "--json")
    ours.begun()
    agent = psutil.Process(innocent.begun())
    _keeper, lane = agent.parents()[:2]
    lane.kill()
    ours.end()
    stdout, stderr = process.communicate(timeout=100)
    until(lambda: not alive(agent.pid))
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["data"]["record"]["outcome"] == "succeeded"


def test_what_keeps_everything_from_running_is_told(home: Home) -> None:
    """The drain's error is the answer of `run`, as if it had drained itself."""
    command_task(home, "ours", PYTHON, "-c", "print('done')")
    os.mkdir(f"{home.spool}/intake.lock")
    _, stderr = clodputer(home, "run", "ours", status=1)
    assert "Is a directory" in stderr
    assert "intake.lock" in stderr
