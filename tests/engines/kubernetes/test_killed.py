"""SIGKILL around the creation of a job: before it, and before its answer was written down."""

from __future__ import annotations

import json
import signal

import pytest

from clodputer.store.home import Home
from tests.engines.asking import ask, left, ran
from tests.engines.kubernetes.fake import Cluster
from tests.system import execs
from tests.workshop import drop


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_creation(home: Home, cluster: Cluster, moment: str) -> None:
    """The next exec asks for the job by its name before it makes another one; the request is run once."""
    drop(home, "x.json", json.dumps({"task": "far", "id": "first-1"}))
    cluster.say("kills.create", moment)
    assert execs.call(home, "exec", extra=cluster.extra()).status == -signal.SIGKILL
    assert len(cluster.names()) == (0 if moment == "before" else 1)
    (cluster.folder / "kills.create").unlink()
    ask(home, cluster)
    (name,) = cluster.names()
    assert cluster.run(name) == 0
    ask(home, cluster)
    assert (ran(home), left(home)) == (1, [])


def test_killed_around_the_deletion(home: Home, cluster: Cluster) -> None:
    """A cancelled request is closed before its job is deleted; killed in between, a job that is there finds nothing to do."""
    ask(home, cluster, "first-1")
    cluster.say("kills.delete", "before")
    assert execs.call(home, "cancel", "first-1", extra=cluster.extra()).status == -signal.SIGKILL
    (cluster.folder / "kills.delete").unlink()
    (name,) = cluster.names()
    assert cluster.run(name) == 0
    ask(home, cluster)
    assert (ran(home), left(home), cluster.names()) == (0, [], [name])
