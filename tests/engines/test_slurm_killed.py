"""SIGKILL at every step of an exec that submits a request, and of one that finds its job ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.spool.requests import jobs
from tests.engines.asking import ask, left
from tests.engines.slurm_fake import Cluster
from tests.system import execs
from tests.workshop import command_task, drop, records


@pytest.mark.slow
def test_killed_at_every_step_of_submitting(home: Home, cluster: Cluster) -> None:
    """SIGKILL before each step of an exec that submits: the next one has the request in one job that counts; it runs once."""
    command_task(home, "far", "/bin/true", more="lane: far\n")
    step, killed = 0, True
    while killed:
        step += 1
        drop(home, f"{step}.json", json.dumps({"task": "far", "id": f"kill-{step}"}))
        killed, _ = execs.kill_at(home, step, cluster.extra())
        ask(home, cluster)
        waiting = [number for number in cluster.numbers() if cluster.state(number) == "PENDING"]
        ((_, submitted),) = jobs.everywhere(home)
        assert submitted.job.id == waiting[-1]
        for number in waiting:
            # What was submitted in vain comes first, as it would.
            name = (cluster.folder / f"{number}.name").read_text().strip()
            execs.run(home, "exec", "--job", name)
            cluster.become(number, "COMPLETED")
    assert step > 20
    assert sorted(one["request_id"] for one in records(home, "far")) == sorted(
        f"kill-{one}" for one in range(1, step + 1)
    )
    assert not left(home)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["COMPLETED", "CANCELLED"])
def test_killed_at_every_step_of_seeing_to_a_job(home: Home, cluster: Cluster, state: str) -> None:
    """SIGKILL before each step of an exec that finds a job ended that began nothing: it is seen to once."""
    step, killed = 0, True
    while killed:
        step += 1
        Path(home.holds, "lane.far.json").unlink(missing_ok=True)
        drop(home, f"{step}.json", json.dumps({"task": "far", "id": f"kill-{step}"}))
        ask(home, cluster)
        (number,) = [one for one in cluster.numbers() if cluster.state(one) == "PENDING"]
        cluster.become(number, state)
        killed, _ = execs.kill_at(home, step, cluster.extra())
        Path(home.holds, "lane.far.json").unlink(missing_ok=True)
        ask(home, cluster)
        if state == "COMPLETED":
            if not any(cluster.state(one) == "PENDING" for one in cluster.numbers()):
                # Found ended by this exec only, which put it back and held the lane.
                Path(home.holds, "lane.far.json").unlink()
                ask(home, cluster)
            (again,) = [one for one in cluster.numbers() if cluster.state(one) == "PENDING"]
            execs.run(home, "cancel", f"kill-{step}", extra=cluster.extra())
            assert cluster.state(again) == "CANCELLED"
        assert not left(home)
    closed = [aside.id_of(name) for name in aside.names(home.closed)]
    assert sorted(closed) == sorted(f"kill-{one}" for one in range(1, step + 1))
