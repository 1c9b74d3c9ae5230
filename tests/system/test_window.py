"""`window` with real execs: what a run's stream says of its account keeps the account's next request waiting."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, STREAM, Share
from clodputer.store import usage
from clodputer.store.home import Home
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    execute,
    make_home,
    outcomes,
    records,
    write_secrets,
    write_task,
)

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.fixture
def home(tmp_path: Path, fake_claude: Path) -> Home:
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {fake_claude}\n")
    command_task(home, "program", "/bin/true")
    return home


def wanted(home: Home, task: str) -> None:
    """As an alarm would drop it."""
    drop(home, f"{task}.json", json.dumps({"task": task, "origin": {"trigger": "cron"}}))


def ran(home: Home) -> list[str]:
    return sorted(run["task"] for run in execute(home)["runs"])


def waiting(home: Home) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return found


def test_what_a_run_says_keeps_the_next_one_waiting(home: Home) -> None:
    """The lane goes on meanwhile; a person's own request is let through."""
    write_task(home, "first", "prompt: |\n  @fake rate_limit allowed_warning 3600\n  @fake say well\n")
    write_task(home, "careful", "prompt: '@fake say well'\nwindow: {stop_at: 10%}\n")
    write_task(home, "careless", "prompt: '@fake say well'\nwindow: {stop_at: 11%}\n")
    for task in ("first", "program", "careful", "careless"):
        wanted(home, task)
        execute(home)
    (request,) = waiting(home)
    assert (request["task"], request["waits"]["reason"]) == ("careful", "window")
    assert "10% of its 5-hour window is used" in request["waits"]["message"]
    why = clodputer(home, "why", "careful")[0]
    assert "kept waiting (window)" in why
    assert "now, counted all the same: clodputer run careful" in " ".join(why.split())
    assert "careful waits: Account claude: 10% of its 5-hour window" in clodputer(home, "status")[0]
    readings = usage.read(home, "claude").readings
    assert {kind: (found.used, found.source) for kind, found in readings.items()} == {
        FIVE_HOUR: (10, STREAM),
        SEVEN_DAY: (10, STREAM),
    }
    clodputer(home, "run", "careful")
    assert outcomes(home, "careful") == ["succeeded"]


def test_readings_are_kept_for_the_account_of_the_task_as_it_is_written(home: Home) -> None:
    """With its secrets filled in it would be called otherwise, in process.json as well, from which a lost run is told."""
    write_secrets(home, "OTHER=sk-other\n")
    write_task(
        home,
        "theirs",
        "prompt: |\n  @fake rate_limit allowed 3600\n  @fake say well\n"
        "env: {CLAUDE_CODE_OAUTH_TOKEN: '{{ env.OTHER }}'}\n",
    )
    wanted(home, "theirs")
    assert ran(home) == ["theirs"]
    (record,) = records(home, "theirs")
    folder = Path(home.runs, "theirs", record["run_id"])
    assert json.loads(folder.joinpath("process.json").read_text())["account"] == record["account"]
    assert usage.accounts(home) == [record["account"]]
    assert record["account"] != "claude"


def test_another_account_goes_on(home: Home) -> None:
    Path(home.config).write_text(Path(home.config).read_text() + "window: {stop_at: 90%}\n")
    usage.keep(home, "claude", {FIVE_HOUR: Share(95, time() + 3600)}, STREAM, time())
    write_task(home, "mine", "prompt: '@fake say well'\n")
    write_task(home, "theirs", "prompt: '@fake say well'\nenv: {CLAUDE_CODE_OAUTH_TOKEN: other}\n")
    for task in ("mine", "theirs", "program"):
        wanted(home, task)
    assert ran(home) == ["program", "theirs"]
    assert [one["task"] for one in waiting(home)] == ["mine"]
