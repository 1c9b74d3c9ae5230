"""SIGKILL at every step of a run on a node, and of the exec that then finds its job ended: nothing runs twice, or is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool.requests import jobs
from tests.engines.asking import ask, left
from tests.engines.slurm_fake import Cluster
from tests.system import execs
from tests.workshop import command_task, drop, records


def job_of(home: Home, request_id: str) -> str:
    """The name of the job of a request; empty when it has none."""
    found = [one.job.name for _, one in jobs.everywhere(home) if one.request_id == request_id]
    return found[0] if found else ""


@pytest.mark.slow
def test_killed_at_every_step_of_a_run_and_of_settling_it(
    home: Home, cluster: Cluster, tmp_path: Path
) -> None:
    """Both are killed before their N-th step, and the node is lost: each request has one record, and ran once at most."""
    script = f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran"
    command_task(home, "far", "/bin/sh", "-c", script, more="lane: far\nbreaker: {threshold: 1000}\n")
    step, on_node, at_home = 0, True, True
    lost = 0
    while on_node or at_home:
        step += 1
        request_id = f"kill-{step}"
        drop(home, f"{step}.json", json.dumps({"task": "far", "id": request_id}))
        ask(home, cluster)
        if on_node:
            ended = execs.call(home, "exec", "--job", job_of(home, request_id), step=step)
            on_node = ended.status != 0
        cluster.become(cluster.numbers()[-1], "NODE_FAIL")
        killed, _ = execs.kill_at(home, step, cluster.extra())
        at_home = at_home and killed
        ask(home, cluster)
        again = job_of(home, request_id)
        if again:
            execs.run(home, "exec", "--job", again)
            cluster.become(cluster.numbers()[-1], "COMPLETED")
            ask(home, cluster)
        (record,) = [one for one in records(home, "far") if one["request_id"] == request_id]
        assert record["outcome"] in ("succeeded", "lost"), record
        lost += record["outcome"] == "lost"
        assert not left(home), step
    ran = [run_id.partition("-")[2] for run_id in (tmp_path / "ran").read_text().split()]
    assert len(ran) == len(set(ran))
    assert lost > 5
    assert step > 25
