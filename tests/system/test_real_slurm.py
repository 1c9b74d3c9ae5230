"""A lane of a real Slurm with two nodes: many requests, a controller started anew, a job cancelled, a node that dies."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Callable

import pytest

from clodputer.store.home import Home
from clodputer.store.spool.requests import jobs
from tests import slurm_lab
from tests.slurm_lab import Lab
from tests.system import execs
from tests.wait import until
from tests.workshop import command_task, drop, make_home, outcomes, records

# One Slurm for both, which is asked for a while: a busy machine takes minutes.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]
MANY = 40


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A Slurm of the tests' own."""
    with tempfile.TemporaryDirectory(prefix="slurm") as folder, slurm_lab.running(Path(folder)) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a lane of Slurm."""
    home = make_home(tmp_path)
    Path(home.config).write_text("lanes: {far: {engine: slurm, slots: 64}}\nrequire: {disk_free: 1KB}\n")
    return home


def ask(home: Home, lab: Lab, *request_ids: str) -> None:
    """Drop requests, and let an exec work."""
    for one in request_ids:
        drop(home, f"{one}.json", json.dumps({"task": "far", "id": one}))
    execs.run(home, "exec", extra={"SLURM_CONF": str(lab.config)})


def asked(home: Home, lab: Lab, done: Callable[[], bool], timeout: float = 300) -> None:
    """Let execs work until something is so."""

    def look() -> bool:
        Path(home.holds, "lane.far.json").unlink(missing_ok=True)
        ask(home, lab)
        return done()

    until(look, timeout=timeout)


def test_every_request_runs_once(home: Home, lab: Lab, tmp_path: Path) -> None:
    """Forty over two nodes, while the controller ends and is started anew: each has one record."""
    command_task(home, "far", "/bin/sh", "-c", f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran", more="lane: far\n")
    wanted = [f"number-{one}" for one in range(MANY)]
    ask(home, lab, *wanted)
    lab.end("slurmctld")
    ask(home, lab)
    lab.controller()
    asked(home, lab, lambda: len(records(home, "far")) >= MANY)
    asked(home, lab, lambda: not list(jobs.everywhere(home)))
    assert sorted(record["request_id"] for record in records(home, "far")) == sorted(wanted)
    assert set(outcomes(home, "far")) == {"succeeded"}
    assert len((tmp_path / "ran").read_text().split()) == MANY


@pytest.mark.skipif(
    not os.environ.get("CLODPUTER_TEST_MANY"), reason="takes minutes; set CLODPUTER_TEST_MANY=1 to run it"
)
def test_two_hundred_requests(home: Home, lab: Lab, tmp_path: Path) -> None:
    """Each but the cancelled one has one record, and has run once at most; what was on the node that died is lost, or ran."""
    more = "lane: far\nbreaker: {threshold: 1000}\n"
    command_task(home, "far", "/bin/sh", "-c", f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran", more=more)
    wanted = [f"number-{one}" for one in range(200)]
    ask(home, lab, *wanted)
    cancelled = wanted.pop()
    execs.run(home, "cancel", cancelled, extra={"SLURM_CONF": str(lab.config)})

    def go_on(number: int) -> None:
        asked(home, lab, lambda: len(records(home, "far")) >= number, timeout=1200)

    go_on(20)
    # A node dies with all that its jobs have started, and comes back later.
    lab.end("n2", kill=True)
    for pid in lab_pids(lab, tmp_path):
        # The end of one may be the end of another.
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"SLURMD_NODENAME=n2\0" in Path(f"/proc/{pid}/environ").read_bytes():
                os.kill(pid, signal.SIGKILL)
    lab.call("scontrol", "update", "nodename=n2", "state=down", "reason=test")
    go_on(60)
    lab.end("slurmctld", kill=True)
    ask(home, lab)
    lab.controller()
    lab.node("n2")
    until(lambda: "PING" in lab.call("scontrol", "ping").upper() or "UP" in lab.call("scontrol", "ping"))
    lab.call("scontrol", "update", "nodename=n2", "state=resume")
    go_on(len(wanted))
    asked(home, lab, lambda: not list(jobs.everywhere(home)))
    found = records(home, "far")
    assert sorted(record["request_id"] for record in found) == sorted(wanted)
    ended = Counter(record["outcome"] for record in found)
    assert ended["succeeded"] + ended["lost"] == len(wanted)
    assert ended["lost"] <= 4, ended
    ran = [run_id.partition("-")[2] for run_id in (tmp_path / "ran").read_text().split()]
    assert len(ran) == len(set(ran))
    assert len(ran) >= ended["succeeded"]
    assert any(name.startswith(f"{cancelled}.") for name in os.listdir(home.closed))


def test_a_job_is_cancelled_and_a_node_dies(home: Home, lab: Lab, tmp_path: Path) -> None:
    """What scancel ends is closed; the run on a node that is lost is settled as lost; nothing runs twice."""
    script = f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran; exec sleep 300"
    command_task(home, "far", "/bin/sh", "-c", script, more="lane: far\n")
    ran = tmp_path / "ran"
    ask(home, lab, "first-1", "second-2")
    until(lambda: ran.exists() and len(ran.read_text().split()) == 2)
    ask(home, lab)
    by_id = {submitted.request_id: submitted.job for _, submitted in jobs.everywhere(home)}
    lab.call("scancel", by_id["first-1"].id)
    asked(home, lab, lambda: any(name.startswith("first-1.") for name in os.listdir(home.closed)))
    # The node dies: its daemon, and all that the job has started.
    job = by_id["second-2"].id
    node = lab.call("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()
    lab.end(node, kill=True)
    for pid in lab_pids(lab, tmp_path):
        # The end of one may be the end of another.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    lab.call("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    asked(home, lab, lambda: "lost" in outcomes(home, "far"))
    (lost,) = [record for record in records(home, "far") if record["outcome"] == "lost"]
    assert (lost["request_id"], lost["reason"]) == ("second-2", "job_ended")
    assert f"job {job} of slurm" in lost["message"]
    assert len(ran.read_text().split()) == 2
    assert not list(jobs.everywhere(home))


def lab_pids(lab: Lab, tmp_path: Path) -> list[int]:
    """The processes of jobs of this test: those that know its home."""
    mark = f"CLODPUTER_HOME={tmp_path}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdecimal()
                and int(entry.name) != os.getpid()
                and mark in (entry / "environ").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
