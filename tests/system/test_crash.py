"""SIGKILL at every step of the walk, then the next exec: the request ran, or is settled as lost and kept; nothing runs on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests import stages
from tests.slots import settle
from tests.system import execs
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    make_home,
    outcomes,
)

pytest_plugins = ["tests.fakes.fixtures"]

# The task's program: says that it began, leaves two children behind that would run for ever, and says that it ended. It holds a
# lock while it runs, and says so if another one runs at the same time.
PROGRAM = """
import fcntl, os, subprocess, sys, time
alive = open(sys.argv[1] + "/alive", "w")
try:
    fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    open(sys.argv[1] + "/two-at-once", "w").close()
def leave(**how):
    child = subprocess.Popen(["tail", "-f", "/dev/null"], stdin=subprocess.DEVNULL, pass_fds=[alive.fileno()], **how)
    with open(sys.argv[1] + "/pids", "a") as file:
        file.write(f"{child.pid}\\n")
leave()
leave(start_new_session=True)
with open(sys.argv[1] + "/began", "a") as file:
    file.write(os.environ["CLODPUTER_RUN_ID"] + "\\n")
with open(sys.argv[1] + "/ended", "a") as file:
    file.write(os.environ["CLODPUTER_RUN_ID"] + "\\n")
"""

# When the first exec is killed of those that are killed twice, and how the run then ends.
FIRST = [
    ("rename .started", "succeeded"),  # claimed and marked, nothing started yet
    ("posix_spawn", "lost"),  # something may have been started
    ("rename record.json", "lost"),  # it ran, and nobody wrote down how it ended
    ("rename dropped.json", "succeeded"),  # the record is there, the settling is not
]

# More steps than an exec has; the last ones find it already finished, which the test of the count below asserts.
SHARDS = 6


def lines(path: Path) -> list[str]:
    """The lines of a file that may not be there."""
    return path.read_text().split() if path.exists() else []


def temporary(home: Home) -> dict[str, str]:
    """A TMPDIR of the home's own, to see what is left in it."""
    path = Path(home.root).parent / "tmpdir"
    path.mkdir(exist_ok=True)
    return {"TMPDIR": str(path)}


def set_up(folder: Path) -> tuple[Home, Path]:
    """A home with the task, its file already checked once, and a folder for what the program leaves."""
    home, traces = make_home(folder), folder / "traces"
    traces.mkdir()
    script = folder / "program.py"
    script.write_text(PROGRAM)
    command_task(home, "work", sys.executable, str(script), str(traces))
    settle(home, "work")
    execs.run(home, "validate")
    return home, traces


def assert_kept_and_clean(home: Home, traces: Path, step: str) -> str:
    """After the next exec: exactly one of run to the end, or lost and kept in dead/; and nothing is alive. Which it was."""
    ended = outcomes(home, "work")
    places = everything(home)
    kept = [name for name in places.pop("dead", []) if not name.endswith(".reason.json")]
    assert places == {}, f"{step}: left in {places}"
    if kept:
        assert ended == ["lost"], f"{step}: {ended}, kept {kept}"
    else:
        assert ended == ["succeeded"], f"{step}: {ended}"
        assert len(lines(traces / "ended")) == 1, f"{step}: ran {lines(traces / 'ended')}"
    assert len(lines(traces / "began")) <= 1, f"{step}: began {lines(traces / 'began')}"
    assert not (traces / "two-at-once").exists(), step
    assert list(Path(temporary(home)["TMPDIR"]).iterdir()) == [], step
    assert [pid for pid in lines(traces / "pids") if alive(int(pid))] == [], step
    assert {event["event"] for event in events(home)} <= {
        "queued",
        "started",
        "finished",
        "swept",
        "recovered",
    }
    return str(ended[0])


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_step(tmp_path: Path, shard: int) -> None:
    """Whatever the step, nothing is lost, nothing is run twice, and nothing of a dead run is left running."""
    seen = []
    for step, (home, traces) in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, set_up):
        drop(home, "one.json", '{"task": "work", "dedupe_key": "once", "dedupe_ttl": "1h"}')
        killed, what = execs.kill_at(home, step, temporary(home))
        if not killed:
            break
        execs.run(home, "exec", extra=temporary(home))
        seen.append(assert_kept_and_clean(home, traces, f"step {step}: {what}"))
    assert len(seen) >= 4, "the walk has dozens of steps"
    assert "succeeded" in seen


@pytest.mark.slow
@pytest.mark.parametrize(("first", "outcome"), FIRST)
def test_killed_again_while_recovering(tmp_path: Path, first: str, outcome: str) -> None:
    """The exec that recovers is killed as well: the third one still finds everything.

    Each moment takes every other step, two of them the odd and two the even ones, as most steps of a recovery are the same.
    """
    seen = []
    steps = range(1 + FIRST.index((first, outcome)) % 2, 1000, 2)
    for again, (home, traces) in stages.at_each(steps, tmp_path, set_up):
        drop(home, "one.json", '{"task": "work"}')
        assert execs.kill_at(home, first, temporary(home))[0]
        killed, what = execs.kill_at(home, again, temporary(home))
        execs.run(home, "exec", extra=temporary(home))
        seen.append(assert_kept_and_clean(home, traces, f"killed at {first}, then at {what}"))
        if not killed:
            break
    assert len(seen) > 4
    assert outcome in seen


@pytest.mark.slow
def test_killed_while_the_agent_runs(tmp_path: Path) -> None:
    """The agent of a killed exec is stopped with all it started by its keeper, which the next exec waits for."""
    home = make_home(tmp_path)
    marker = tmp_path / "pids"
    command_task(
        home, "long", "/bin/sh", "-c", f"setsid tail -f /dev/null & echo $! $$ > {marker}; tail -f /dev/null"
    )
    command_task(home, "next", "/bin/true")
    drop(home, "long")
    process = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(home))
    until(lambda: len(lines(marker)) == 2)
    pids = [int(pid) for pid in lines(marker)]
    process.kill()
    process.wait()
    drop(home, "next")
    clodputer(home, "exec")
    assert outcomes(home, "long") == ["lost"]
    assert outcomes(home, "next") == ["succeeded"]
    assert not any(alive(pid) for pid in pids)
    assert any(name.endswith("long") for name in everything(home)["dead"])
    assert os.listdir(home.new) == []


def test_the_dead_letter_runs_again(tmp_path: Path) -> None:
    """The reason of a dead letter says under which name it can be dropped again."""
    home, _ = set_up(tmp_path)
    drop(home, "one.json", '{"task": "work", "expires_at": "2020-01-01T00:00:00Z"}')
    clodputer(home, "exec")
    [name] = aside.names(home.dead)
    Path(home.dead, name).write_text('{"task": "work"}')
    os.rename(f"{home.dead}/{name}", f"{home.new}/{aside.read(home.dead, name).dropped_as}")
    clodputer(home, "exec")
    assert outcomes(home, "work") == ["succeeded"]
