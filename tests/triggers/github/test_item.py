"""Runs about one issue: one at a time, and several issues beside each other."""

from __future__ import annotations

import json
from pathlib import Path

from clodputer.store.home import Home
from tests.fakes.github_api import Api
from tests.fakes.github_state import Repository
from tests.triggers.github.conftest import again, task
from tests.triggers.github.test_exec import brought, labeled, refused
from tests.wait import until
from tests.workshop import clodputer, drop, records, start


def waiting(home: Home) -> list[str]:
    """What the requests wait for that wait."""
    found = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return [request["waits"]["reason"] for request in found if request["waits"]]


def test_one_run_for_each_issue(home: Home, api: Api, there: Repository, tmp_path: Path) -> None:
    """Others go on beside it; a second request about the same waits, with the reason `item`, until that run has ended."""
    end = tmp_path / "end"
    task(home, more=f"agent: command\ncommand: [sh, -c, 'until [ -e {end} ]; do sleep 0.05; done']\n")
    for number in range(2):
        labeled(api, there, f"Number {number}")
    process = start(home, "exec", "--task", "fix")
    try:
        until(lambda: len(brought(home)) == 2)
        api.state.later()
        api.state.comment(there, there.items[1], "And please hurry.", "maintainer")
        again(home)
        until(lambda: waiting(home) == ["item"])
        assert len(brought(home)) == 2
    finally:
        end.touch()
        process.communicate(timeout=100)
    # The exec that ran the first one has gone on with what waited for its end.
    assert (len(brought(home)), waiting(home), refused(home)) == (3, [], [])


def test_the_end_of_a_run_that_a_person_asked_for_wakes_what_waits(
    home: Home, api: Api, there: Repository, tmp_path: Path
) -> None:
    """Whoever asked for the run about the issue, and in whichever lane it is: what waits for its end goes on at once."""
    begun, end = tmp_path / "begun", tmp_path / "end"
    task(
        home,
        more=f"agent: command\ncommand: [sh, -c, 'touch {begun}; until [ -e {end} ]; do sleep 0.05; done']\nlane: other\n",
    )
    drop(home, "one.json", '{"task": "fix", "item": "o/r#1"}')
    process = start(home, "exec")
    try:
        until(begun.exists)
        task(home, more="agent: command\ncommand: ['true']\n")
        labeled(api, there)
        again(home)
        assert waiting(home) == ["item"]
    finally:
        end.touch()
        process.communicate(timeout=100)
    assert (len(records(home, "fix")), waiting(home), refused(home)) == (2, [], [])
