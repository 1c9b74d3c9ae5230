"""The moment in which a run is let begin: what was decided before it and does not hold any more counts no longer."""

from __future__ import annotations

import json
import os
import select
from pathlib import Path
from time import time

import pytest

from clodputer.store import holds
from clodputer.store.holds import EVERYTHING, Hold, Target
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool import parked
from clodputer.store.spool.slot import Slot, content
from tests import warm
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, environment, execute, make_home, records


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    execute(home)
    return home


@pytest.mark.parametrize("reason", ["hold", "parked"])
def test_what_comes_between_is_seen(home: Home, tmp_path: Path, reason: str) -> None:
    """A request that has passed all gates waits for the run that it replaces, when its task is paused, or its item parked."""
    Path(home.config).write_text("lanes: {default: {slots: 2}}\n")
    go = tmp_path / "go"
    command_task(home, "work", "/bin/sh", "-c", f"until test -e {go}; do sleep 0.02; done")
    execs = []
    for number in range(2):
        fields = {"task": "work", "id": f"request-{number}", "item": f"issue {number}"}
        origin = {"trigger": "cron", "overlap": "replace"}
        drop(home, f"{number}.json", json.dumps({**fields, "origin": origin}))
        execs.append(warm.server().begin(("exec",), environment(home)))
        until(lambda: content(home, Slot("default", number)).place is not None)  # noqa: B023 (called before the next round)
    clodputer(
        home, "queue"
    )  # so much time the gates have; were they asked later only, this would show nothing
    if reason == "hold":
        holds.place(home, Target("task", "work"), Hold("paused", "", time(), None))
    else:
        Path(home.parked).mkdir(exist_ok=True)
        Path(home.parked, f"{parked.prefix('earlier-1', 'work', 'issue 1')}one.json").write_text("{}")
    go.touch()
    assert [warm.server().wait(one).status for one in execs] == [0, 0]
    assert [record["request_id"] for record in records(home, "work")] == ["request-0"]
    (request,) = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert (request["request_id"], request["waits"]["reason"]) == ("request-1", reason)


def test_stop_waits_for_who_is_letting_a_run_begin(home: Home) -> None:
    """Else it would look for runs to end just before that one, and leave it running."""
    with Lock(f"{home.ledger}/admission.lock") as held:
        assert held
        stop = warm.server().begin(("stop",), environment(home))
        until(lambda: os.path.exists(holds.path(home, EVERYTHING)))
        assert select.select([stop.pipes[2]], [], [], 0.5)[0] == []
    assert warm.server().wait(stop).status == 0
