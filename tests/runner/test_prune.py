"""Pruning: the old goes, what is needed stays, a kill does no harm, and an idle exec never hears of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.engine.job import Job
from clodputer.runner.processes.stop import Stop
from clodputer.runner.upkeep import prune
from clodputer.store import look as look_at
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.log import archive
from clodputer.store.records import runs
from clodputer.store.spool import slot
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.slot import Slot
from clodputer.store.upkeep import chores
from tests.wait import until
from tests.workshop import ROOT, clodputer, command_task, drop, events, execute, make_home

NOW = 1_795_000_000.0
DAY = 86400.0


def context(home: Home, config: str = "") -> Context:
    Path(home.config).write_text(config)
    return look({"CLODPUTER_HOME": home.root, "HOME": home.root})


def past(
    home: Home, task: str, request_id: str, days: float, record: Any = ("claude", "s"), size: int = 100
) -> str:
    """A run of so many days ago; (agent, session) of its record, or None while it has none."""
    run_id = runs.new_id(NOW - days * DAY, request_id)
    folder = Path(runs.folder(home, task, run_id))
    folder.mkdir(parents=True)
    folder.joinpath("stdout").write_bytes(b"x" * size)
    if record is not None:
        folder.joinpath("record.json").write_text(
            json.dumps(dict(zip(("agent", "session_id", "outcome"), record)))
        )
    return run_id


def left(home: Home) -> set[str]:
    """The request ids of all runs that are there."""
    return {
        runs.request_of(run_id)
        for task in os.listdir(home.runs)
        for run_id in os.listdir(f"{home.runs}/{task}")
    }


def test_runs_that_found_nothing_to_do_make_room_for_the_others(tmp_path: Path) -> None:
    """A task that looks every few minutes pushes out no run that did something."""
    home = make_home(tmp_path)
    facts = context(home, "keep_runs_count: 3")
    past(home, "work", "oldest", 9)
    for days, request_id in ((8, "idle8"), (7, "idle7"), (6, "older"), (5, "idle5"), (1, "newest")):
        run_id = past(home, "work", request_id, days)
        reason = "satisfied" if request_id.startswith("idle") else "completed"
        told = {"task": "work", "request_id": request_id, "run_id": run_id, "duration_seconds": 1.0}
        outcome = "skipped" if reason == "satisfied" else "succeeded"
        facts.log(NOW - days * DAY, "finished", **told, outcome=outcome, reason=reason, cost_usd=0.0)
    with Stop() as stop:
        prune.prune(facts, NOW, stop)
    assert left(home) == {"oldest", "older", "newest"}


def test_old_runs_go_and_needed_ones_stay(tmp_path: Path) -> None:
    """Not the newest record of a task, not its session's, not a run in a slot, not those of waiting or dead requests."""
    home = make_home(tmp_path)
    past(home, "quiet", "newest", 400)
    past(home, "quiet", "older", 401)
    past(home, "talks", "failed", 300, ("claude", ""))
    past(home, "talks", "session", 301)
    past(home, "talks", "before", 302)
    past(home, "program", "plain", 300, ("command", ""))
    past(home, "program", "plain0", 301, ("command", ""))
    past(home, "tries", "failing", 300, ("claude", "s", "failed"))
    past(home, "tries", "failing0", 301, ("claude", "s", "failed"))
    past(home, "tries", "good", 302, ("claude", "s", "succeeded"))
    past(home, "tries", "good0", 303, ("claude", "s", "succeeded"))
    past(home, "busy", "unfinished", 200, None)
    running = past(home, "busy", "running", 201, None)
    past(home, "busy", "waiting", 202)
    past(home, "busy", "buried", 203)
    past(home, "busy", "again", 204)
    past(home, "busy", "last", 100)
    past(home, "busy", "fresh", 1)
    Path(home.runs, "busy", "notes").mkdir()
    slot.mark(home, Slot("default", 0), "busy", running)
    Path(home.lanes, "default", "queue", "3", "0000000000000001.3.waiting.x.json").touch()
    Path(home.dead, "buried.x.json").touch()
    Path(home.dead, "2.again.x.json").touch()
    facts = context(home)
    planned = prune.plan(facts, NOW)
    with Stop() as stop:
        done = prune.prune(facts, NOW, stop)
    assert done == planned
    gone = {"older", "before", "plain0", "unfinished", "last", "failing0", "good0"}
    assert {runs.request_of(thing.name.partition("/")[2]) for thing in done.runs} == gone
    assert left(home) == {
        "newest",
        "failed",
        "session",
        "plain",
        "failing",
        "good",
        "running",
        "waiting",
        "buried",
        "again",
        "fresh",
        "",
    }
    (event,) = events(home, "pruned")
    assert (event["runs"], event["logs"], event["runs_bytes"] > 400) == (7, 0, True)
    with Stop() as stop:
        assert prune.prune(facts, NOW, stop) == prune.Going()
    assert len(events(home, "pruned")) == 1


@pytest.mark.parametrize(
    ("config", "stays"),
    [
        ("keep_runs_count: 2\n", {"r1", "r2"}),
        ("keep_runs_size: 3KB\n", {"r1", "r2"}),
        ("keep_runs_for: 60h\n", {"r1", "r2"}),
        ("", {"r1", "r2", "r3", "r4"}),
    ],
)
def test_each_limit_is_a_setting(config: str, stays: set[str], tmp_path: Path) -> None:
    home = make_home(tmp_path)
    for day in (1, 2, 3, 4):
        past(home, "a", f"r{day}", day, size=1200)
    with Stop() as stop:
        prune.prune(context(home, config), NOW, stop)
    assert left(home) == stays


def test_old_archives_go(tmp_path: Path) -> None:
    """By the same three limits; one that was archived a moment ago may still be written to."""
    home = make_home(tmp_path)
    for number in (1, 2, 3, 4):
        path = Path(home.archive, f"2026-0{number}.log")
        path.write_text("{}\n" * 1000)
        os.utime(path, (NOW - (5 - number) * DAY, NOW - (5 - number) * DAY))
    with Stop() as stop:
        prune.prune(context(home, "keep_log_for: 84h\n"), NOW, stop)
        assert len(archive.archives(home)) == 3
        prune.prune(context(home, "keep_log_count: 2\n"), NOW, stop)
        assert len(archive.archives(home)) == 2
        os.utime(Path(home.archive, "2026-04.log"), (NOW, NOW))
        prune.prune(context(home, "keep_log_size: 1KB\n"), NOW, stop)
    assert [os.path.basename(path) for path in archive.archives(home)] == ["2026-04.log"]


def test_outputs_of_jobs_go_as_archives_do(tmp_path: Path) -> None:
    """Those of jobs that are known stay."""
    home = make_home(tmp_path)
    known, old, young = (Path(jobs.output(home, name)) for name in ("known", "old", "young"))
    known.parent.mkdir(parents=True)
    for path, days in ((known, 9), (old, 9), (young, 1)):
        path.write_text("slurmstepd: error\n")
        os.utime(path, (NOW - days * DAY, NOW - days * DAY))
    submitted = jobs.Submitted("abcd", "slurm", NOW, Job("known", "7", "", ""))
    os.makedirs(slot.folder(home, Slot("main", 0)), exist_ok=True)
    jobs.write(home, Slot("main", 0), submitted)
    with Stop() as stop:
        done = prune.prune(context(home, "keep_log_for: 84h\n"), NOW, stop)
    assert [thing.name for thing in done.logs] == ["jobs/old.log"]
    assert (known.exists(), old.exists(), young.exists()) == (True, False, True)


KILLED = """
import os, signal, sys
from clodputer.runner.upkeep import prune
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import look
import shutil
around = look({"CLODPUTER_HOME": sys.argv[1], "HOME": sys.argv[1]})
left = [int(sys.argv[2])]
def count(event, arguments):
    if event in ("os.rename", "os.remove", "os.rmdir", "shutil.rmtree"):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
with Stop() as stop:
    prune.prune(around, float(sys.argv[3]), stop)
"""


def test_killed_at_every_step(tmp_path: Path) -> None:
    """Whatever is left of a run is never taken for one, and the next pruning removes it."""
    home = make_home(tmp_path)
    context(home)
    past(home, "a", "newest", 100)
    for step in range(1, 100):
        for number in (1, 2):
            past(home, "a", f"old{step}x{number}", 200 + step)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, home.root, str(step), str(NOW)], env={"PYTHONPATH": str(ROOT)}
        )
        for run_id in runs.ids(home, "a"):
            assert runs.record(home, "a", run_id) is not None, f"step {step}: half a run is seen"
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert 5 < step < 99
    assert left(home) == {"newest"}


def test_exec_tidies_once_a_day_after_work(tmp_path: Path) -> None:
    """With work done, the log is archived when it is large, and pruning comes once; an idle exec does neither."""
    home = make_home(tmp_path)
    Path(home.config).write_text("log_size: 1KB\nkeep_runs_count: 1\n")
    command_task(home, "work", "/bin/true")
    # Until when to look at the task again is noted, an exec is not idle.
    clodputer(home, "exec")
    until(lambda: bool(execute(home)) and not look_at.anything_due(home, time.time()))
    Path(home.ledger, "pruned").unlink()
    past(home, "work", "old1", 10)
    past(home, "work", "old2", 11)
    clodputer(home, "exec")
    assert {"old1", "old2"} <= left(home)
    drop(home, "work")
    assert execute(home)["runs"][0]["outcome"] == "succeeded"
    assert not {"old1", "old2"} & left(home)
    assert not chores.prune_due(home, os.stat(f"{home.ledger}/pruned").st_mtime + 3600)
    assert chores.prune_due(home, os.stat(f"{home.ledger}/pruned").st_mtime + DAY)
    past(home, "work", "old3", 10)
    for _ in range(4):
        drop(home, "work")
        execute(home)
    assert "old3" in left(home)
    assert archive.archives(home)


def test_a_failure_of_tidying_is_no_failure_of_exec(tmp_path: Path) -> None:
    """The runs were run; what went wrong afterwards is in the log."""
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    Path(home.ledger, "prune.lock").mkdir()
    drop(home, "work")
    assert execute(home)["runs"][0]["outcome"] == "succeeded"
    assert "prune.lock" in events(home, "tidy_failed")[0]["message"]


def test_the_limits_of_a_run(tmp_path: Path) -> None:
    """The variable comes before the task's own key, that one before config.yaml, and this before the default."""
    home = make_home(tmp_path)
    Path(home.config).write_text("timeout: 300ms\n")
    command_task(home, "own", "/bin/sleep", "1.2", more="timeout: 20s\n")
    command_task(home, "none", "/bin/sleep", "30")
    for task in ("own", "none"):
        drop(home, task)
    outcomes = {run["task"]: run["reason"] for run in execute(home)["runs"]}
    assert outcomes == {"own": "completed", "none": "timeout"}
    drop(home, "own")
    assert execute(home, extra={"CLODPUTER_TIMEOUT": "200ms"})["runs"][0]["reason"] == "timeout"
