"""A dropped event, and every step at which its intake can be killed: each route that matches makes exactly one request."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from clodputer.runner.intake.drops import intake
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.triggers import unrouted
from tests.killing import killed_at
from tests.slots import settle
from tests.workshop import clodputer, command_task, drop, environment, events, make_home

STRIDE = 7
TASKS = ("repair", "tell", "other")
ROUTES = [{"from": "ci", "type": "x", "to": name} for name in TASKS]
EVENT = {"from": "ci", "type": "x", "payload": {"n": 1}, "dedupe_key": "k"}


def take_in(home: Home) -> None:
    """What an exec does of it, until nothing is left."""
    context = look(environment(home))
    while os.listdir(home.new):
        intake(context, time.time())


def requests(home: Home) -> Counter[str]:
    """How many requests there are of each task, wherever they wait."""
    return Counter(json.loads(path.read_text())["task"] for path in Path(home.lanes).glob("*/queue/*/*.json"))


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["all routed", "one refused"])
def test_killed_at_every_step(tmp_path: Path, lost: bool) -> None:
    """What one of the routes refuses is kept beside, once; what the others made of it does not come again with it."""
    home = make_home(tmp_path)
    refused = {"from": "ci", "type": "x", "to": "gone", "with": {"x": "{{ event.payload.missing.y }}"}}
    Path(home.config).write_text(json.dumps({"routes": [*ROUTES, refused] if lost else ROUTES}))
    for name in TASKS:
        command_task(home, name, "/bin/true", more="lane: other\n" if name == "other" else "")
        settle(home, name)
    clodputer(home, "validate", status=0)
    drop(home, "a.event.json", json.dumps(EVENT))
    step, deaths = 1 + lost, 0
    while True:
        copy = Home(str(tmp_path / str(step)))
        shutil.copytree(home.root, copy.root)
        killed = killed_at(step, lambda copy=copy: take_in(copy))  # type: ignore[misc]
        deaths += killed
        take_in(copy)
        assert requests(copy) == dict.fromkeys(TASKS, 1), step
        assert os.listdir(copy.new) + os.listdir(copy.rejected) == [], step
        kept = [aside.read(copy.unrouted, name).dropped_as for name in aside.names(copy.unrouted)]
        assert kept == (["a.event.json"] if lost else []), step
        if lost:  # what a killed writer has left beside it goes with a sweep of the next day
            unrouted.sweep(copy, time.time() + 90_000)
            assert len(os.listdir(copy.unrouted)) == 2, step
        told = {line["target"] for line in events(copy, "routed")}
        assert told == set(TASKS), step
        shutil.rmtree(copy.root)
        if not killed:
            break
        step += STRIDE
    assert deaths > 5
