"""Two hundred requests over both nodes of a real Slurm: one is cancelled, a node dies, the controller is killed and back."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import jobs
from tests import slurm_lab
from tests.slurm_lab import Lab
from tests.system import execs
from tests.system.test_real_slurm import lab_pids
from tests.wait import until
from tests.workshop import command_task, drop, make_home, records

MANY = 200
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not os.environ.get("CLODPUTER_TEST_MANY"), reason="takes minutes; set CLODPUTER_TEST_MANY=1 to run it"
    ),
]


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


def test_two_hundred_requests(home: Home, lab: Lab, tmp_path: Path) -> None:
    """Each but the cancelled one has one record, and has run once at most; what was on the node that died is lost, or ran."""
    more = "lane: far\nbreaker: {threshold: 1000}\n"
    command_task(home, "far", "/bin/sh", "-c", f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran", more=more)
    wanted = [f"number-{one}" for one in range(MANY)]
    extra = {"SLURM_CONF": str(lab.config)}
    for one in wanted:
        drop(home, f"{one}.json", json.dumps({"task": "far", "id": one}))
    execs.run(home, "exec", extra=extra)
    cancelled = wanted.pop()
    execs.run(home, "cancel", cancelled, extra=extra)

    def go_on(number: int) -> bool:
        Path(home.holds, "lane.far.json").unlink(missing_ok=True)
        execs.run(home, "exec", extra=extra)
        return len(records(home, "far")) >= number

    until(lambda: go_on(20), timeout=600)
    # A node dies with all that its jobs have started, and comes back later.
    lab.end("n2", kill=True)
    for pid in lab_pids(lab, tmp_path):
        # The end of one may be the end of another.
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"SLURMD_NODENAME=n2\0" in Path(f"/proc/{pid}/environ").read_bytes():
                os.kill(pid, signal.SIGKILL)
    lab.call("scontrol", "update", "nodename=n2", "state=down", "reason=test")
    until(lambda: go_on(60), timeout=600)
    lab.end("slurmctld", kill=True)
    execs.run(home, "exec", extra=extra)
    lab.controller()
    lab.node("n2")
    until(lambda: "PING" in lab.call("scontrol", "ping").upper() or "UP" in lab.call("scontrol", "ping"))
    lab.call("scontrol", "update", "nodename=n2", "state=resume")
    until(lambda: go_on(len(wanted)), timeout=1200)
    until(lambda: go_on(0) and not list(jobs.everywhere(home)), timeout=300)
    found = records(home, "far")
    assert sorted(record["request_id"] for record in found) == sorted(wanted)
    outcomes = Counter(record["outcome"] for record in found)
    assert outcomes["succeeded"] + outcomes["lost"] == len(wanted)
    assert outcomes["lost"] <= 4, outcomes
    ran = [run_id.partition("-")[2] for run_id in (tmp_path / "ran").read_text().split()]
    assert len(ran) == len(set(ran))
    assert len(ran) >= outcomes["succeeded"]
    assert any(name.startswith(f"{cancelled}.") for name in os.listdir(home.closed))
    print(dict(outcomes))
