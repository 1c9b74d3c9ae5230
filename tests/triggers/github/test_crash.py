"""SIGKILL at every step of a look at GitHub and of the intake after it, and many execs at once: each wish counts once."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest

from clodputer.runner.intake.drops import intake
from clodputer.runner.intake.sources import drop_found
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import find
from clodputer.tasks import taskfile
from tests.fakes.github_api import Api
from tests.fakes.github_state import Repository
from tests.killing import killed_at
from tests.triggers.github.conftest import TASK, again, task
from tests.triggers.github.test_exec import brought, labeled
from tests.workshop import environment, start


def look_and_take_in(home: Home) -> None:
    """What an exec does of it."""
    context = look(environment(home))
    found = taskfile.load(home, "fix", context.environ)
    drop_found(context, found, found.triggers[0], 0, time.time())
    intake(context, time.time())


def requests(home: Home) -> Counter[str]:
    """How many requests there are for each item, wherever they lie."""
    return Counter(json.loads(Path(one.path).read_text())["item"] for one in find.everywhere(home) if one.id)


def approvals(home: Home) -> list[str]:
    return [json.loads(path.read_text())["decision"] for path in Path(home.spool, "approvals").glob("*.json")]


@pytest.mark.slow
def test_killed_at_every_step(home: Home, api: Api, there: Repository, tmp_path: Path) -> None:
    """A new label makes one request, and `go` approves the one that waits, whenever we are killed."""
    task(home, more=f"{TASK}approve: before\n")
    first = labeled(api, there, "Waits")
    again(home)
    labeled(api, there, "New")
    api.state.later(120)
    api.state.comment(there, first, "go", "maintainer")
    step, deaths = 1, 0
    while True:
        copy = Home(str(tmp_path / str(step)))
        shutil.copytree(home.root, copy.root)
        killed = killed_at(step, lambda copy=copy: look_and_take_in(copy))  # type: ignore[misc]
        deaths += killed
        look_and_take_in(copy)
        assert requests(copy) == {"o/r#1": 1, "o/r#2": 1}, step
        assert approvals(copy) == ["approved"], step
        shutil.rmtree(copy.root)
        if not killed:
            break
        step += 1
    assert deaths > 20


def test_many_execs_at_once(home: Home, api: Api, there: Repository) -> None:
    """They all look, and one finds."""
    for number in range(2):
        labeled(api, there, f"Number {number}")
    processes = [start(home, "exec", "--task", "fix") for _ in range(4)]
    for process in processes:
        process.communicate(timeout=100)
    again(home)
    assert sorted(context["issue"]["number"] for context in brought(home)) == [1, 2]
