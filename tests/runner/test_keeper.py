"""The keeper: when exec is killed, nothing of its run lives on, however it tried to get away; and when the keeper is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.runner.processes.keeper import words
from clodputer.runner.processes.keeper.decide import (
    CLEAR,
    GRACE,
    LEAVE,
    START,
    TERMINATE,
    WAIT,
    Seen,
    next_step,
)
from clodputer.runner.processes.keeper.words import Report
from clodputer.runner.processes.leftovers.sweep import sweep_lost
from tests.runner.families import (
    CHAIN,
    ESCAPES,
    HOLD,
    LINUX,
    a_mark,
    gone,
    held,
    marked,
    needs_setsid,
    pid_in,
    sleeps,
)
from tests.runner.supervising import Supervisor, below
from tests.wait import at_some_pace, until

linux_only = pytest.mark.skipif(not LINUX, reason="only Linux has subreapers")


class Escape:
    """A supervised run that starts one of the escapes, and goes on."""

    def __init__(self, folder: Path, escape: str, agent: str = "exec sleep 60", **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.escape, self.mark = folder, escape, a_mark()
        (folder / "chain.sh").write_text(CHAIN)
        script = f"{HOLD}{ESCAPES[escape].replace('MARK', self.mark)}\n{agent}"
        self.supervisor = Supervisor(folder, ["/bin/sh", "-c", script, self.mark], **options)

    def escaped(self) -> None:
        """Wait until the escape is there, beside the agent."""
        # Of a chain nobody lives long enough to be found in a list of processes.
        until(lambda: (self.folder / "began").exists() or sleeps(self.mark), message="it never began")

    def none_left(self) -> None:
        """Wait until nobody is left, of the agent and of the escape: a signal takes effect when the kernel comes to it."""
        until(lambda: not held(self.folder), message=f"still there: {marked(self.mark)}")


@linux_only
@needs_setsid
@pytest.mark.parametrize("escape", ESCAPES)
def test_exec_is_killed(tmp_path: Path, escape: str) -> None:
    """Nobody has looked at the processes yet, and no next exec comes."""
    run = Escape(tmp_path, escape)
    run.escaped()
    run.supervisor.kill()
    run.none_left()
    until(lambda: gone(run.supervisor.keeper()), message="the keeper has nothing left to keep")


@linux_only
@needs_setsid
def test_twenty_execs_are_killed_at_any_moment(tmp_path: Path) -> None:
    """From before their agents are started to some generations later."""
    runs = [
        Escape(tmp_path / str(number), escape) for number, escape in enumerate([*ESCAPES] * 3 + ["chain"] * 2)
    ]
    assert len(runs) == 20
    for number, run in enumerate(runs):
        if number % 3 == 0:
            run.escaped()
        elif number % 3 == 1:
            run.supervisor.keeper()
        run.supervisor.kill()
    for run in runs:
        run.none_left()


@linux_only
@needs_setsid
@pytest.mark.slow
@pytest.mark.parametrize("escape", ["double fork", "deaf daemon", "chain"])
def test_exec_is_killed_after_a_while(tmp_path: Path, escape: str) -> None:
    """After three seconds, in the middle of a chain of a hundred generations."""
    run = Escape(tmp_path, escape)
    run.escaped()
    time.sleep(3)
    run.supervisor.kill()
    run.none_left()


@pytest.mark.parametrize("means", [{}, {"psutil": True}], ids=["native", "psutil"])
def test_the_agent_of_a_killed_exec_may_clean_up(tmp_path: Path, means: dict[str, Any]) -> None:
    """It is asked by SIGTERM first, and given a moment; also where there is no subreaper."""
    script = "trap 'sleep 0.2; touch cleaned; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done"

    def holds(unit: float) -> None:
        folder = below(tmp_path, unit)
        supervisor = Supervisor(folder, ["/bin/sh", "-c", script], **means)
        agent = pid_in(folder / "pid")
        supervisor.kill()
        until(lambda: gone(agent) and gone(supervisor.keeper()))
        assert (folder / "cleaned").exists()

    # The moment is always the same, but an agent may stand still for longer.
    at_some_pace(holds)


def test_without_a_subreaper_all_that_is_known_is_killed(tmp_path: Path) -> None:
    """Its group, its descendants, the members of its sessions, and whoever has its tag."""
    script = "sh -c 'echo $$ > child; exec sleep 60' & nohup sleep 60 & echo $! > pid; trap '' TERM; sleep 60; sleep 60"
    supervisor = Supervisor(tmp_path, ["/bin/sh", "-c", script], psutil=True)
    pids = [pid_in(tmp_path / name) for name in ("child", "pid")]
    supervisor.kill()
    until(lambda: all(map(gone, pids)))


@linux_only
@needs_setsid
@pytest.mark.parametrize("escape", ESCAPES)
def test_the_keeper_is_killed(tmp_path: Path, escape: str) -> None:
    """Its children become those of exec: the run goes on to its end, and nothing is left of it."""
    run = Escape(tmp_path, escape, agent="while [ ! -e end ]; do sleep 0.05; done; exit 7")
    run.escaped()
    # A keeper that is killed before it could say whom it has started takes that with it: the run is lost then.
    until(run.supervisor.recorded)
    os.kill(run.supervisor.keeper(), signal.SIGKILL)
    until(lambda: gone(run.supervisor.keeper()), message="the keeper was left")
    (tmp_path / "end").touch()
    told = run.supervisor.told()
    assert (told.ended["exit_status"], told.ended["stopped"]) == (7, "")
    assert not any(row["alive"] for row in told.ended["swept"])
    run.none_left()


def test_the_keeper_is_killed_where_there_is_no_subreaper(tmp_path: Path) -> None:
    """Nobody can see any more how the agent ends: it is killed, and the run is lost."""
    script = "sleep 60 & echo $! > child; echo $$ > pid; exec sleep 60"
    supervisor = Supervisor(tmp_path, ["/bin/sh", "-c", script], psutil=True)
    pids = [pid_in(tmp_path / name) for name in ("child", "pid")]
    until(supervisor.recorded)
    os.kill(supervisor.keeper(), signal.SIGKILL)
    told = supervisor.told()
    assert (told.ended["exit_status"], told.ended["signal"], told.ended["stopped"]) == (
        None,
        None,
        "exec_died",
    )
    assert all(map(gone, pids))
    assert {row["pid"] for row in told.ended["swept"]} >= set(pids)


def test_the_keeper_is_deaf_to_what_is_meant_for_others(tmp_path: Path) -> None:
    """A closed terminal, Ctrl-C, systemd's SIGTERM to everybody: exec decides, as ever."""
    supervisor = Supervisor(
        tmp_path, ["/bin/sh", "-c", "touch ready; while [ ! -e end ]; do sleep 0.05; done"]
    )
    until((tmp_path / "ready").exists)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        os.kill(supervisor.keeper(), number)
    (tmp_path / "end").touch()
    told = supervisor.told()
    assert (told.ended["exit_status"], told.ended["stopped"]) == (0, "")


def test_a_stopped_keeper_is_woken(tmp_path: Path) -> None:
    """When exec has something to ask of it."""
    supervisor = Supervisor(tmp_path, ["/bin/sh", "-c", "touch ready; exec sleep 60"])
    until((tmp_path / "ready").exists)
    os.kill(supervisor.keeper(), signal.SIGSTOP)
    supervisor.process.terminate()
    told = supervisor.told()
    assert (told.ended["signal"], told.ended["stopped"]) == (signal.SIGTERM, "interrupted")


def test_a_keeper_that_is_stopped_while_it_starts_the_agent_is_woken(tmp_path: Path) -> None:
    """Before it was ordered to, between the start and its report, or later: exec waits for none of them forever."""
    supervisors = []
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        argv = ["/bin/sh", "-c", "exit 3"]
        supervisors.append(Supervisor(folder, argv, stop_starting=number / 1000, launch={"timeout": 20.0}))
    for supervisor in supervisors:
        assert supervisor.told().ended["exit_status"] == 3


@linux_only
@needs_setsid
@pytest.mark.parametrize("escape", ["setsid", "env first", "double fork"])
def test_both_are_killed(tmp_path: Path, escape: str) -> None:
    """The next exec finds those that were not seen in time by the output files of the run, which they have open."""
    run = Escape(tmp_path, escape)
    run.escaped()
    os.kill(run.supervisor.keeper(), signal.SIGKILL)
    run.supervisor.kill()
    streams = (str(tmp_path / "stdout"), str(tmp_path / "stderr"))
    reader = open(streams[0])
    sweep_lost(
        str(tmp_path), {"processes": run.supervisor.recorded()}, None, run.supervisor.keepers(), streams
    )
    run.none_left()
    reader.close()


@linux_only
@needs_setsid
@pytest.mark.slow
def test_a_keeper_that_does_not_come_to_it(tmp_path: Path) -> None:
    """Stopped by somebody: the next exec waits for a while, then kills its descendants itself, and the keeper last."""
    run = Escape(tmp_path, "closed streams")
    run.escaped()
    os.kill(run.supervisor.keeper(), signal.SIGSTOP)
    run.supervisor.kill()
    sweep_lost(str(tmp_path), {}, None, run.supervisor.keepers())
    run.none_left()
    until(lambda: gone(run.supervisor.keeper()), message="the keeper was left")


@pytest.mark.parametrize(
    ("seen", "now", "step", "seconds"),
    [
        (Seen(), 0.0, WAIT, None),
        (Seen(go=True), 0.0, START, None),
        (Seen(go=True, clear=True), 0.0, START, None),
        (Seen(go=True, started=True), 0.0, WAIT, None),
        (Seen(go=True, started=True, ended=True), 0.0, WAIT, None),
        (Seen(started=True, terminate=True), 0.0, TERMINATE, None),
        (Seen(started=True, terminate=True, clear=True), 0.0, CLEAR, None),
        (Seen(clear=True), 0.0, CLEAR, None),
        # Exec is dead.
        (Seen(orphaned=5.0), 5.0, LEAVE, None),
        (Seen(go=True, orphaned=5.0), 5.0, LEAVE, None),
        (Seen(started=True, orphaned=5.0), 5.0, TERMINATE, None),
        (Seen(started=True, orphaned=5.0, asked=True), 5.5, WAIT, GRACE - 0.5),
        (Seen(started=True, orphaned=5.0, asked=True), 5.0 + GRACE, CLEAR, None),
        (Seen(started=True, ended=True, orphaned=5.0), 5.0, CLEAR, None),
        (Seen(started=True, ended=True, orphaned=5.0, asked=True), 5.5, CLEAR, None),
        (Seen(started=True, terminate=True, orphaned=5.0, asked=True), 9.0, CLEAR, None),
    ],
)
def test_what_comes_next(seen: Seen, now: float, step: str, seconds: Optional[float]) -> None:
    """Every step, with and without an exec."""
    assert next_step(seen, now) == (step, seconds)


def test_reports_arrive_in_pieces() -> None:
    """As a pipe delivers them."""
    said = [Report(words.STARTED, 7), Report(words.ENDED), Report(words.CLEARED, {"status": 0, "swept": []})]
    sent = b"".join(map(words.write, said))
    heard, rest = [], b""
    for index in range(len(sent)):
        some, rest = words.read(rest + sent[index : index + 1])
        heard += some
    assert heard == said
    assert rest == b""
