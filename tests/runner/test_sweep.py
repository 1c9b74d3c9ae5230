"""Sweeping at the end of a run: whatever it left behind is killed, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.processes import tree_psutil
from clodputer.runner.processes.leftovers import sessions, sweep
from clodputer.runner.processes.leftovers.recorded import descendants
from clodputer.runner.processes.tree import alive, native
from tests.house import CHECKOUT
from tests.runner.families import LEFTOVERS, LINUX, Nursery, gone, needs_setsid, pid_in
from tests.runner.supervising import Supervisor, run
from tests.wait import until

if LINUX:
    from clodputer.runner.processes import tree_linux


@needs_setsid
@pytest.mark.parametrize("means", [{}, {"psutil": True}], ids=["native", "psutil"])
@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_nothing_of_a_run_survives_its_normal_end(
    tmp_path: Path, leftover: str, means: dict[str, Any]
) -> None:
    """Every way of getting away, under both means of containment; what was caught is told."""
    wait = "while [ ! -s pid ]; do sleep 0.02; done"
    # Without a subreaper, one that shed its session and its tag must have been seen below the agent.
    if leftover == "bare" and (means or not LINUX):
        wait += '; while ! grep -q "\\[$(cat pid)," process.json; do sleep 0.02; done'
    told = run(tmp_path, ["/bin/sh", "-c", f"{LEFTOVERS[leftover]}\n{wait}"], **means)
    pid = pid_in(tmp_path / "pid")
    assert told.ended["exit_status"] == 0
    assert gone(pid)
    caught = {row["pid"]: row for row in told.ended["swept"]}
    assert caught[pid]["command"]
    assert not caught[pid]["alive"]


@needs_setsid
@pytest.mark.skipif(not LINUX, reason="only Linux has subreapers")
def test_a_whole_family_is_found_by_the_subreaper(tmp_path: Path) -> None:
    """Twenty levels deep, each with a session of its own and no environment, and gone before anybody looked."""
    script = tmp_path / "deeper.sh"
    script.write_text(
        "echo $$ >> pids\n[ $1 = 0 ] && exec /bin/sleep 60\n"
        "/usr/bin/env -i /usr/bin/setsid /bin/sh deeper.sh $(($1 - 1)) &\n[ $(($1 % 2)) = 0 ] || exec /bin/sleep 60\n"
    )
    wait = "while [ $(wc -l < pids) -lt 21 ]; do sleep 0.02; done"
    told = run(tmp_path, ["/bin/sh", "-c", f"touch pids; sh deeper.sh 20 &\n{wait}"])
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 21
    assert all(map(gone, pids))
    assert not any(row["alive"] for row in told.ended["swept"])


# Each generation starts the next one and leaves, some thousand times a second, now and then in a new session.
HYDRA = """
import os, time
end = time.monotonic() + 30
heads = 0
born = os.stat('hydra').st_mtime_ns
if os.fork():
    while os.stat('hydra').st_mtime_ns == born:
        time.sleep(0.02)
    os._exit(0)
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    heads += 1
    if heads % 7 == 0:
        os.setsid()
    os.utime('hydra')
"""


@pytest.mark.skipif(not LINUX, reason="only Linux has subreapers")
def test_a_hydra_is_killed(tmp_path: Path) -> None:
    """One that is always somebody else by the time we have read its number."""
    (tmp_path / "hydra").touch()
    born = (tmp_path / "hydra").stat().st_mtime_ns
    told = run(tmp_path, [sys.executable, "-S", "-c", HYDRA])
    assert not any(row["alive"] for row in told.ended["swept"])
    died = (tmp_path / "hydra").stat().st_mtime_ns
    assert died > born
    # Were it alive, it would soon be seen.
    with pytest.raises(AssertionError):
        until(lambda: (tmp_path / "hydra").stat().st_mtime_ns > died, timeout=0.3)


@pytest.mark.parametrize("means", [{}, {"psutil": True}], ids=["native", "psutil"])
def test_what_the_run_did_not_start_survives(tmp_path: Path, nursery: Nursery, means: dict[str, Any]) -> None:
    """The same program, of the same user, with the tag of another run; and a child of the supervisor that is spared."""
    innocent = nursery("sleep", "60", env={"CLODPUTER_RUN_ID": f"{tmp_path}-other"})
    told = run(tmp_path, ["/bin/sh", "-c", "sleep 60 &"], spare=2, **means)
    assert len(told.ended["swept"]) == 1
    assert alive(innocent)


def test_an_adopted_one_that_ends_meanwhile_leaves_no_zombie(tmp_path: Path) -> None:
    """A long run leaves thousands of them."""
    script = (
        "i=0; while [ $i -lt 20 ]; do (true &) ; i=$((i+1)); done; echo $PPID > parent; touch ready; sleep 60"
    )
    supervisor = Supervisor(tmp_path, ["/bin/sh", "-c", script])
    until((tmp_path / "ready").exists)
    parent = int((tmp_path / "parent").read_text())
    everyone = native().everyone
    until(lambda: sum(process.parent == parent for process in everyone()) == 1, message="zombies were left")
    supervisor.process.send_signal(signal.SIGTERM)
    assert supervisor.told().ended["stopped"] == "interrupted"


def test_becoming_a_subreaper() -> None:
    """Possible on Linux, refused elsewhere without a word; tried in a process of its own."""
    program = "from clodputer.runner.processes.subreaper import become as f; print(f())"
    env = {**os.environ, "PYTHONPATH": CHECKOUT}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == str(LINUX)


@pytest.mark.skipif(not LINUX, reason="compares /proc with psutil")
def test_both_trees_see_the_same(nursery: Nursery) -> None:
    """Parents, sessions, commands; and the search below us by list and by scan."""
    child = nursery("sh", "-c", "sleep 60 & wait")
    below = until(lambda: tree_linux.below(child.pid)) + [
        found for found in [tree_linux.find(child.pid)] if found
    ]
    pids = {process.pid for process in below}
    assert {p.pid for p in tree_psutil.below(os.getpid())} >= pids
    assert {p.pid for p in descendants(tree_linux.everyone(), (os.getpid(),))} >= pids
    assert child.pid not in {p.pid for p in tree_linux.below(os.getpid(), frozenset({child.pid}))}
    for process in below:
        seen = tree_psutil.find(process.pid)
        assert seen is not None
        assert (seen.session, seen.parent, seen.ended) == (process.session, process.parent, process.ended)
        assert tree_psutil.command(process.pid) == tree_linux.command(process.pid)
        mine, theirs = tree_linux.moment(process.started), tree_psutil.moment(seen.started)
        assert mine is not None
        assert theirs is not None
        assert abs(tree_linux.moment_at(theirs) - mine) < sessions.SLACK


def test_a_look_does_without_a_tree_of_its_own() -> None:
    """The best means of this platform."""
    assert sweep.Reach(native(), False).tree.find(os.getpid()) is not None
    assert native().find(2**31 - 1) is None
