"""A lane of Slurm from a request's drop to its record, against a cluster that is played; a real one is in tests/system."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.engines.asking import ask, left, ran
from tests.engines.slurm_fake import Cluster
from tests.system import execs
from tests.wait import until
from tests.workshop import command_task, drop, events, outcomes, records


def test_a_request_becomes_a_job_that_runs_it(home: Home, cluster: Cluster) -> None:
    """It is submitted once however many execs look; what the node does is what an exec does at home, and nothing is left."""
    ask(home, cluster, "first-1")
    ask(home, cluster)
    assert cluster.numbers() == ["1"]
    assert not ran(home)
    (call,) = cluster.calls("sbatch")
    assert "--partition=night --time=120 --mem=1048576K" in call
    assert "clodputer request first-1 of far" in call
    assert cluster.run("1") == 0
    ask(home, cluster)
    assert (ran(home), outcomes(home, "far"), left(home)) == (1, ["succeeded"], [])
    assert [event["lane"] for event in events(home, "finished")] == ["far"]
    assert cluster.numbers() == ["1"]


def test_no_secret_leaves_the_home(home: Home, cluster: Cluster) -> None:
    """Neither the environment of exec nor secrets.env is in what Slurm gets."""
    Path(home.secrets).write_text("TOKEN=from-the-file-5711\n")
    os.chmod(home.secrets, 0o600)
    drop(home, "x.json", json.dumps({"task": "far", "id": "first-1"}))
    execs.run(home, "exec", extra=cluster.extra({"API_KEY": "from-the-environment-5711"}))
    for path in (path for path in cluster.folder.iterdir() if path.is_file()):
        assert "5711" not in path.read_text(), path


def test_no_more_jobs_than_slots(home: Home, cluster: Cluster) -> None:
    """Of five requests three are submitted; the others follow when those have ended, by the next exec."""
    for each in range(5):
        drop(home, f"{each}.json", json.dumps({"task": "far", "id": f"number-{each}"}))
    ask(home, cluster)
    assert cluster.numbers() == ["1", "2", "3"]
    for number in ("1", "2", "3"):
        cluster.run(number)
    ask(home, cluster)
    assert cluster.numbers() == ["1", "2", "3", "4", "5"]
    # One look for all jobs of a lane.
    assert len(cluster.calls("squeue")) <= 4


@pytest.mark.parametrize(
    "state", ["CANCELLED", "PREEMPTED", "NODE_FAIL", "TIMEOUT", "OUT_OF_MEMORY", "FAILED", "PURGED.COMPLETED"]
)
def test_a_job_that_ends_before_its_run_began(home: Home, cluster: Cluster, state: str) -> None:
    """Nothing is lost: it is submitted again, at once or when the lane's hold is over, or closed if it was cancelled."""
    ask(home, cluster, "first-1")
    cluster.become("1", state)
    ask(home, cluster)
    again, held = len(cluster.numbers()) == 2, os.path.exists(f"{home.holds}/lane.far.json")
    closed = (
        [name for name in os.listdir(home.closed) if "reason" not in name]
        if os.path.isdir(home.closed)
        else []
    )
    expected = {"CANCELLED": (False, False, 1), "PREEMPTED": (True, False, 0), "NODE_FAIL": (True, False, 0)}
    assert (again, held, len(closed)) == expected.get(state, (False, True, 0))
    if held:
        os.unlink(f"{home.holds}/lane.far.json")
        ask(home, cluster)
    if state != "CANCELLED":
        assert len(cluster.numbers()) == 2
        # The first one comes late: it finds that another job has its request.
        cluster.run("1")
        assert not ran(home)
        cluster.run("2")
        assert ran(home) == 1


def test_a_job_that_is_lost_with_its_run(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    """Nobody knows how far it came: it is settled as lost, with what the engine says, and not run again."""
    command_task(
        home, "far", "/bin/sh", "-c", f"echo $$ >{tmp_path}/began; exec sleep 60", more="lane: far\n"
    )
    ask(home, cluster, "first-1")
    process = cluster.start("1")
    until(lambda: (tmp_path / "began").exists() and (tmp_path / "began").read_text().strip())
    assert "which waits" not in execs.run(home, "status", extra=cluster.extra())
    ask(home, cluster)
    assert not records(home, "far")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not os.path.exists(f"/proc/{(tmp_path / 'began').read_text().strip()}"))
    cluster.become("1", "NODE_FAIL")
    ask(home, cluster)
    (record,) = records(home, "far")
    assert (record["outcome"], record["reason"]) == ("lost", "job_ended")
    assert "job 1 of slurm on n1 was lost with its node" in record["message"]
    assert not left(home)
    assert len(cluster.numbers()) == 1


def test_sbatch_that_refuses(home: Home, cluster: Cluster) -> None:
    """The lane waits, with the words of sbatch, and goes on by itself when that is over."""
    cluster.say(
        "refuses.sbatch",
        "sbatch: error: Batch job submission failed: Invalid account or account/partition combination\n",
    )
    for number in range(3):
        drop(home, f"{number}.json", json.dumps({"task": "far", "id": f"number-{number}"}))
    ask(home, cluster)
    assert len(cluster.calls("sbatch")) == 1
    hold = json.loads(Path(home.holds, "lane.far.json").read_text())
    assert hold["reason"] == "engine"
    assert "Invalid account" in hold["message"]
    assert not left(home)
    assert "Invalid account" in execs.run(home, "status", extra=cluster.extra())
    (cluster.folder / "refuses.sbatch").unlink()
    Path(home.holds, "lane.far.json").unlink()
    ask(home, cluster)
    assert len(cluster.numbers()) == 3


def test_an_answer_of_sbatch_that_is_lost(home: Home, cluster: Cluster) -> None:
    """The job is there although sbatch failed: it finds nothing to do, and the one that follows runs the request."""
    cluster.say("hangs.sbatch")
    ask(home, cluster, "first-1")
    assert cluster.run("1") == 0
    assert not ran(home)
    (cluster.folder / "hangs.sbatch").unlink()
    Path(home.holds, "lane.far.json").unlink()
    ask(home, cluster)
    assert cluster.run("2") == 0
    assert ran(home) == 1


def test_a_controller_that_is_down(home: Home, cluster: Cluster) -> None:
    """Nothing is decided of jobs that cannot be looked at, and the lane says why it waits."""
    ask(home, cluster, "first-1")
    cluster.say(
        "refuses.squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"
    )
    ask(home, cluster, "second-2")
    assert len(left(home)) == 2
    assert cluster.numbers() == ["1"]
    assert "Unable to contact" in Path(home.holds, "lane.far.json").read_text()
    (cluster.folder / "refuses.squeue").unlink()
    cluster.run("1")
    ask(home, cluster)
    assert outcomes(home, "far") == ["succeeded"]
    assert not left(home)


def test_a_home_that_its_node_does_not_see(home: Home, cluster: Cluster) -> None:
    """The lane waits and says what to do."""
    ask(home, cluster, "first-1")
    script = cluster.folder / "1.script"
    script.write_text(script.read_text().replace(f"[ -f {home.root}", f"[ -f /elsewhere{home.root}"))
    assert cluster.run("1") == 66
    ask(home, cluster)
    assert (
        "the home must lie where all nodes of the lane have it"
        in Path(home.holds, "lane.far.json").read_text()
    )
    assert not left(home)


def test_cancel_before_and_while_it_runs(home: Home, cluster: Cluster, tmp_path: Path) -> None:
    """A job that waits is ended with its request, also when the engine cannot be asked; one that runs ends itself."""
    ask(home, cluster, "first-1")
    execs.run(home, "cancel", "first-1", extra=cluster.extra())
    assert cluster.state("1") == "CANCELLED"
    assert not left(home)
    ask(home, cluster, "second-2")
    cluster.say("refuses.scancel", "scancel: error: Unable to contact slurm controller\n")
    execs.run(home, "cancel", "second-2", extra=cluster.extra())
    assert cluster.run("2") == 0
    assert not ran(home)
    assert not left(home)
    command_task(home, "far", "/bin/sh", "-c", f"echo >{tmp_path}/began; exec sleep 60", more="lane: far\n")
    ask(home, cluster, "third-3")
    process = cluster.start("3")
    until((tmp_path / "began").exists)
    execs.run(home, "cancel", "third-3", extra=cluster.extra())
    assert process.wait(100) == 0
    assert outcomes(home, "far") == ["cancelled"]
    assert not left(home)


def test_a_job_that_is_cancelled_at_the_engine_while_it_runs(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    """It ends its run, which puts the request back; the next look closes that, as somebody wanted its end."""
    command_task(home, "far", "/bin/sh", "-c", f"echo >{tmp_path}/began; exec sleep 60", more="lane: far\n")
    ask(home, cluster, "first-1")
    process = cluster.start("1")
    until((tmp_path / "began").exists)
    os.kill(process.pid, signal.SIGTERM)
    process.wait(100)
    # Slurm says for a while only that it is being ended.
    cluster.become("1", "COMPLETING")
    ask(home, cluster)
    assert len(cluster.numbers()) == 1
    cluster.become("1", "CANCELLED")
    ask(home, cluster)
    assert len(cluster.numbers()) == 1
    assert not left(home)
    assert any(name.startswith("first-1.") for name in os.listdir(home.closed))
