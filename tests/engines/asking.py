"""A lane with an engine in a home: the setting of one of Slurm, and what tests of such lanes ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from clodputer.store.home import Home
from tests.system import execs
from tests.workshop import command_task, drop, everything, make_home

LANES = "lanes: {far: {engine: slurm, partition: night, time: 2h, memory: 1GB, slots: 3}}\nrequire: {disk_free: 1KB}\n"


class Cluster(Protocol):
    """A cluster that is played."""

    def extra(self) -> Mapping[str, str]:
        """What an exec needs in its environment to meet it."""


def make(folder: Path, lanes: str) -> Home:
    """A home with these lanes and a task for `far`, which writes down that it ran."""
    home = make_home(folder)
    Path(home.config).write_text(lanes)
    script = f"echo $CLODPUTER_RUN_ID >>{folder}/ran"
    command_task(home, "far", "/bin/sh", "-c", script, more="lane: far\n")
    return home


def ask(home: Home, cluster: Cluster, request_id: str = "") -> None:
    """Drop a request of the task, if an id is named, and let an exec work."""
    if request_id:
        drop(home, f"{request_id}.json", json.dumps({"task": "far", "id": request_id}))
    execs.run(home, "exec", extra=cluster.extra())


def ran(home: Home) -> int:
    """How often the task ran."""
    path = Path(home.root).parent / "ran"
    return len(path.read_text().split()) if path.exists() else 0


def left(home: Home) -> list[str]:
    """What lies in the lane's slots."""
    return [
        name for place, names in everything(home).items() if place.startswith("far/slot") for name in names
    ]
