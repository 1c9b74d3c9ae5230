"""`clodputer inbox`, `approve` and `deny`: what waits for a person, and what their answers say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, execute, make_home, outcomes, run


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A request that asks, and one that was given up."""
    home = make_home(tmp_path)
    command_task(home, "asks", "/bin/true", more="approve: before\n")
    drop(home, "asks.json", '{"task": "asks", "id": "asks-1234", "item": "issue 4"}')
    drop(home, "late.json", '{"task": "asks", "id": "late-1234", "expires_at": "2020-01-01T00:00:00Z"}')
    execute(home)
    return home


def answer(home: Home, *arguments: str) -> tuple[int, Any]:
    ended = run(home, *arguments, "--json")
    return ended.status, json.loads(ended.stdout)


def test_approved(home: Home) -> None:
    """The inbox names it with its commands; after them it is run in the background, and the inbox holds what is left."""
    text = clodputer(home, "inbox")[0]
    assert "issue 4" in text
    assert "clodputer approve asks-1234 | clodputer deny asks-1234" in text
    assert "clodputer retry late-1234" in text
    status, found = answer(home, "approve", "asks-1234", "--note", "seen")
    assert (status, found["data"]["decision"], found["data"]["started"]) == (0, "approved", True)
    until(lambda: outcomes(home, "asks") == ["succeeded"])
    status, found = answer(home, "deny", "asks-1234")
    assert (status, [error["code"] for error in found["errors"]]) == (1, ["already_decided"])
    assert json.loads(clodputer(home, "inbox", "--json")[0])["data"]["approvals"] == []


def test_what_a_person_runs_asks_too(home: Home) -> None:
    """The command does not wait for an answer, and says what to type."""
    status, found = answer(home, "run", "asks")
    assert (status, found["errors"][0]["code"]) == (75, "approval")
    assert "clodputer approve " in found["errors"][0]["hint"]
    assert outcomes(home, "asks") == []
