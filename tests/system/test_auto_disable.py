"""A task that is disabled automatically: when, what tells of it, and what enabling it does; by real execs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.gates.autodisable import Disabled
from clodputer.store.home import Home
from clodputer.store.taskstate import disabled
from tests.workshop import clodputer, command_task, drop, events, execute, make_home, outcomes

pytestmark = pytest.mark.system

KEYS = "auto_disable_after: 2\nbreaker: {threshold: 0}\nretry: {max_attempts: 2, wait: 1s}\n"


def ask(home: Home, name: str) -> None:
    drop(home, f"{name}.json", json.dumps({"task": "work", "id": f"request-{name}"}))


def data(home: Home, *arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json", status=status)[0])["data"]
    return found


def let_time_pass(home: Home) -> None:
    """As if the time until the next attempt had passed."""
    for path in Path(home.lanes, "default", "delayed").iterdir():
        first, _, rest = path.name.partition(".")
        path.rename(path.with_name(f"{1:0{len(first)}d}.{rest}"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A task that is disabled after two requests of two attempts each; its program does what the file `status` says."""
    home = make_home(tmp_path)
    status = tmp_path / "status"
    status.write_text("1")
    command_task(
        home,
        "work",
        "/bin/sh",
        "-c",
        f"exit $(cat {status})",
        more=f"{KEYS}trigger: {{type: interval, every: 20d}}\n",
    )
    return home


def test_after_requests_not_after_attempts(home: Home, tmp_path: Path) -> None:
    """The whole life: four runs of two requests, disabled, told everywhere, enabled, and begun anew."""
    before = Path(home.tasks, "work.yaml").read_bytes()
    clodputer(home, "run", "work", status=1)  # by hand: it does not count
    for name, times in (("a", 2), ("b", 1)):
        ask(home, name)
        for _ in range(times):
            execute(home)
            let_time_pass(home)
    assert not disabled.is_disabled(home, "work"), "the second request has an attempt left"
    execute(home)
    assert len(outcomes(home, "work")) >= 5
    told = disabled.read(home, "work")
    assert told is not None
    assert (told.failures, told.reason) == (2, "exit_status")
    assert [event["task"] for event in events(home, "auto_disabled")] == ["work"]
    assert Path(home.tasks, "work.yaml").read_bytes() == before, "a person's file is not rewritten"

    ask(home, "c")
    execute(home)
    assert [event["reason"] for event in events(home, "rejected")] == ["task_disabled"]
    words = "automatically after 2 requests in a row without success (auto_disable_after), the last one exit_status"
    assert f"disabled {words}" in " ".join(clodputer(home, "why", "work")[0].split())
    assert "disabled automatically" in clodputer(home, "list")[0]
    assert "work was disabled automatically" in clodputer(home, "status")[0]
    assert f"is disabled {words}" in " ".join(clodputer(home, "run", "work", status=1)[1].split())
    assert [one["task"] for one in data(home, "status")["attention"]["disabled"]] == ["work"]
    listed = data(home, "list")["tasks"][0]
    assert (listed["enabled"], listed["disabled_by_itself"]["failures"]) == (False, 2)
    assert data(home, "why", "work")["disabled_by_itself"]["run_id"] == told.run_id
    clodputer(home, "set", "work", "timeout=5m")
    assert disabled.is_disabled(home, "work"), "another key is no word about that"

    assert data(home, "enable", "work")["tasks"][0]["changed"] is True
    assert data(home, "enable", "work")["tasks"][0]["changed"] is False
    assert data(home, "why", "work")["disabled_by_itself"] is None
    ask(home, "d")
    execute(home)
    let_time_pass(home)
    execute(home)
    assert not disabled.is_disabled(home, "work"), "what failed before counts no more"
    (tmp_path / "status").write_text("0")
    ask(home, "e")
    execute(home)
    assert outcomes(home, "work")[-1] == "succeeded"


def test_a_person_who_disables_it_has_seen_it(home: Home) -> None:
    """Then its file says so, and nothing needs attention any more."""
    disabled.write(home, "work", Disabled(1e9, 2, "timeout", "run"))
    clodputer(home, "disable", "work")
    assert data(home, "status")["attention"]["disabled"] == []
    told = data(home, "list")["tasks"][0]
    assert (told["enabled"], told["disabled_by_itself"]) == (False, None)
    clodputer(home, "enable", "work")
    assert data(home, "list")["tasks"][0]["enabled"] is True


@pytest.mark.parametrize("way", ["set", "unset", "remove"])
def test_other_ways_to_end_it(home: Home, way: str) -> None:
    """Setting `enabled`, taking the key out, and removing the task, whose successor under that name begins anew."""
    disabled.write(home, "work", Disabled(1e9, 2, "timeout", "run"))
    assert data(home, "list")["tasks"][0]["enabled"] is False
    if way == "set":
        clodputer(home, "set", "work", "enabled=true")
    elif way == "unset":
        clodputer(home, "set", "work", "--unset", "auto_disable_after")
    else:
        clodputer(home, "remove", "work", "--yes")
        command_task(home, "work", "/bin/true", more=KEYS)
    assert data(home, "list")["tasks"][0]["enabled"] is True
