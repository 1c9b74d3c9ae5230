"""The breaker at work: real execs, real runs that fail, and one run to try at a time, also with three slots."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from time import time

import pytest

from clodputer.store.home import Home
from tests.system.test_slots import at_once
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, events, execute, make_home, records, start

pytestmark = pytest.mark.system

COOLDOWN = "breaker: {threshold: 3, cooldown: 1s}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "other", "/bin/true")
    return home


def failing(home: Home, more: str) -> None:
    """A task that fails, from a file that is older than its runs."""
    command_task(home, "bad", "/bin/false", more=more)
    past = time() - 60
    os.utime(f"{home.tasks}/bad.yaml", (past, past))


def dropped(home: Home, *names: str) -> None:
    for name in names:
        drop(home, f"{name}.json", json.dumps({"task": name.partition("-")[0], "id": f"request-{name}"}))


def test_it_opens_and_a_person_is_let_through(home: Home) -> None:
    """Two of five failing requests wait, with the reason wherever one looks; another task of the lane goes on."""
    failing(home, "breaker: {threshold: 3, cooldown: 6h}\n")
    dropped(home, "bad-1", "bad-2", "bad-3", "bad-4", "bad-5", "other-6")
    assert Counter(run["task"] for run in execute(home)["runs"]) == {"bad": 3, "other": 1}
    waiting = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert [one["waits"]["reason"] for one in waiting] == ["breaker", "breaker"]
    assert "The breaker is open: the last 3 requests of bad failed" in clodputer(home, "queue")[0]
    clodputer(home, "run", "bad", status=1)
    assert len(records(home, "bad")) == 4
    assert execute(home)["runs"] == []


def test_reset_and_a_changed_file_let_them_go(home: Home) -> None:
    failing(home, "breaker: {threshold: 1, cooldown: 6h}\n")
    dropped(home, "bad-1", "bad-2", "bad-3")
    assert len(execute(home)["runs"]) == 1
    assert json.loads(clodputer(home, "reset", "bad", "--json")[0])["data"] == {"task": "bad", "woken": 2}
    assert len(execute(home)["runs"]) == 1
    assert "there is no task 'bda'" in clodputer(home, "reset", "bda", status=1)[1]
    command_task(home, "bad", "/bin/true", more="breaker: {threshold: 1, cooldown: 6h}\n")
    clodputer(home, "run", "bad")
    assert [run["outcome"] for run in execute(home)["runs"]] in ([], ["succeeded"])


def test_exactly_one_run_is_tried(home: Home, tmp_path: Path) -> None:
    """Three slots of the lane and three execs ask in the same moment; while one is being tried the others wait."""
    Path(home.config).write_text("lanes: {default: {slots: 3}}\n")
    failing(home, COOLDOWN)
    dropped(home, "bad-1", "bad-2", "bad-3")
    execute(home)
    before = len(events(home))
    began, enough = tmp_path / "began", tmp_path / "enough"
    script = f"echo x >> {began}; while ! test -e {enough}; do sleep 0.05; done; exit 1"
    command_task(home, "bad", "/bin/sh", "-c", script, more=COOLDOWN)
    past = time() - 60
    os.utime(f"{home.tasks}/bad.yaml", (past, past))
    until(lambda: time() > newest(home) + 1.2)
    dropped(home, "bad-4", "bad-5", "bad-6", "bad-7")
    execs = [start(home, "exec") for _ in range(3)]
    until(lambda: began.exists() and len(delayed(home)) == 3, message="the others do not wait")
    assert began.read_text() == "x\n"
    enough.touch()
    for process in execs:
        process.communicate(timeout=100)
    # Where that takes more than the second after which it may be tried anew, a second one is tried; but never two at once.
    assert at_once(events(home)[before:]) == 1


def newest(home: Home) -> float:
    return max(os.stat(f"{home.runs}/bad/{name}").st_mtime for name in os.listdir(f"{home.runs}/bad"))


def delayed(home: Home) -> list[str]:
    return [event["request_id"] for event in events(home, "delayed") if event["reason"] == "breaker"]
