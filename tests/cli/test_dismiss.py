"""`clodputer dismiss`: what a person is done with is out of the way, kept with its reason, and counted no more."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.runner.requests import dismiss
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests.killing import killed_at
from tests.workshop import clodputer, command_task, drop, environment, events, execute, make_home, outcomes

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One request that was given up, and two files that were rejected."""
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    drop(home, "late.json", '{"task": "work", "id": "late-1", "expires_at": "2020-01-01T00:00:00Z"}')
    drop(home, "wrong.json", '{"tsk": "work"}')
    drop(home, ".hidden", "")
    execute(home)
    return home


def status(home: Home) -> tuple[int, int]:
    found = json.loads(clodputer(home, "status", "--json")[0])["data"]
    return found["rejected"], found["dead"]


def data(home: Home, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(clodputer(home, *arguments, "--json", status=code)[0])["data"][
        "dismissed"
    ]
    return found


def test_it_is_kept_with_its_reason_and_counted_no_more(home: Home) -> None:
    assert status(home) == (2, 1)
    [dead] = data(home, "dismiss", "late-1")
    [rejected] = data(home, "dismiss", "rejected/wrong.json")
    assert (dead["place"], dead["request_id"], dead["task"]) == ("dead", "late-1", "work")
    assert (rejected["place"], rejected["file"]) == ("rejected", "wrong.json")
    assert status(home) == (1, 0)
    assert sorted(os.listdir(home.dead)) == []
    for kept, code in ((dead["kept"], "expired"), (rejected["kept"], "invalid_request")):
        reason = aside.read(*os.path.split(kept))
        assert (reason.code, bool(reason.dismissed_at), reason.retried_as) == (code, True, "")
    assert [event["request_id"] for event in events(home, "dismissed")] == [
        "late-1",
        rejected["request_id"],
    ]
    assert "Dismissed by a person. Before that: It expired" in clodputer(home, "queue", "--closed")[0]


def test_a_second_call_says_so(home: Home) -> None:
    data(home, "dismiss", "late-1")
    [again] = data(home, "dismiss", "late-1")
    assert (again["place"], again["already"]) == ("closed", True)
    assert len(events(home, "dismissed")) == 1


def test_what_was_dismissed_can_be_retried(home: Home) -> None:
    data(home, "dismiss", "late-1")
    assert "clodputer retry late-1" in clodputer(home, "show", "late-1")[0]
    clodputer(home, "retry", "late-1")
    execute(home)
    assert outcomes(home, "work") == ["succeeded"]


def test_one_that_is_not_there_does_not_keep_the_others(home: Home) -> None:
    stdout, _ = clodputer(home, "dismiss", "nothing", "late-1", status=1)
    assert "nothing that was given up, rejected or parked fits 'nothing'" in stdout
    assert status(home) == (2, 0)


def test_all_of_a_place(home: Home) -> None:
    """A hidden file as well; who cannot be asked has to say --yes."""
    _, stderr = clodputer(home, "dismiss", "--all-rejected", status=2)
    assert "Add --yes" in stderr
    assert status(home) == (2, 1)
    assert {each["file"] for each in data(home, "dismiss", "--all-rejected", "--yes")} == {
        "wrong.json",
        ".hidden",
    }
    assert status(home) == (0, 1)
    assert len(data(home, "dismiss", "--all-dead", "--all-rejected", "--yes")) == 1
    assert "There is nothing to dismiss." in clodputer(home, "dismiss", "--all-dead")[0]
    clodputer(home, "dismiss", "late-1", "--all-dead", status=2)
    clodputer(home, "dismiss", status=2)


def test_a_race_has_one_winner(home: Home) -> None:
    """Many at once put it away once; the others are told that it is gone, or was put away."""
    context = look(environment(home))
    found = dismiss.find(context, "late-1")
    with FORK.Pool(6) as pool:
        results = pool.starmap(_dismissed, [(environment(home), found)] * 12)
    assert results.count("dismissed") == 1
    assert set(results) <= {"dismissed", "request_unknown"}
    assert len(aside.names(home.closed)) == 1


def _dismissed(environ: dict[str, str], found: Any) -> str:
    try:
        dismiss.dismiss(look(environ), found)
    except ClodputerError as error:
        return error.code
    return "dismissed"


@pytest.mark.parametrize(("name", "place"), [("late-1", "dead"), ("wrong.json", "rejected")])
def test_killed_at_every_step(home: Home, tmp_path: Path, name: str, place: str) -> None:
    """The file is in exactly one place, with its reason, and a second call finishes what the first began."""
    killed, step = True, 0
    while killed:
        step += 1
        copy = Home(str(tmp_path / f"copy-{step}"))
        shutil.copytree(home.root, copy.root)
        context = look(environment(copy))
        found = dismiss.find(context, name)
        killed = killed_at(step, partial(dismiss.dismiss, context, found))
        assert len(aside.names(copy.closed)) + len(aside.names(f"{copy.spool}/{place}")) == (
            1 if place == "dead" else 2
        )
        kept = dismiss.dismiss(context, dismiss.find(context, name))
        assert found.name not in aside.names(f"{copy.spool}/{place}")
        [closed] = aside.names(copy.closed)
        assert kept.kept == f"{copy.closed}/{closed}"
        assert aside.read(copy.closed, closed).dismissed_at
    assert step > 3
