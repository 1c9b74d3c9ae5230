"""A lane of a real Slurm with two nodes: many requests, and a controller that is killed and started anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import jobs
from tests import slurm_lab
from tests.slurm_lab import Lab
from tests.system import execs
from tests.wait import until
from tests.workshop import command_task, drop, make_home, outcomes, records

pytestmark = pytest.mark.slow
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


def asked(home: Home, lab: Lab, done: Callable[[], bool]) -> None:
    """Let execs work until something is so."""

    def look() -> bool:
        Path(home.holds, "lane.far.json").unlink(missing_ok=True)
        ask(home, lab)
        return done()

    until(look, timeout=300)


def test_every_request_runs_once(home: Home, lab: Lab, tmp_path: Path) -> None:
    """Forty over two nodes, while the controller is killed and started anew: each has one record."""
    command_task(home, "far", "/bin/sh", "-c", f"echo $CLODPUTER_RUN_ID >>{tmp_path}/ran", more="lane: far\n")
    wanted = [f"number-{one}" for one in range(MANY)]
    ask(home, lab, *wanted)
    lab.end("slurmctld", kill=True)
    ask(home, lab)
    lab.controller()
    asked(home, lab, lambda: len(records(home, "far")) >= MANY)
    asked(home, lab, lambda: not list(jobs.everywhere(home)))
    assert sorted(record["request_id"] for record in records(home, "far")) == sorted(wanted)
    assert set(outcomes(home, "far")) == {"succeeded"}
    assert len((tmp_path / "ran").read_text().split()) == MANY
