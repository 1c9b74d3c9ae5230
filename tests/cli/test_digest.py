"""`clodputer status --since`: the night on one screen, failures first, each run with one line of what it came to."""

from __future__ import annotations

import json
import time as clock
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.arguments.since import moment_since
from clodputer.cli.commands.status import morning
from clodputer.cli.terminal.ink import without
from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.records import runs
from tests.workshop import clodputer, command_task, drop, execute, make_home, write_secrets


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A night: two tasks that went well, one that failed, one request that was rejected."""
    home = make_home(tmp_path)
    summary = "## Summary\\n\\nUpdated 3 of 14 packages; all tests are green."
    command_task(home, "updates", "/bin/sh", "-c", f"printf '{summary}'")
    command_task(home, "check", "/bin/sh", "-c", "echo no such host >&2; exit 3")
    command_task(home, "many", "/bin/echo", "one of many")
    drop(home, "updates")
    drop(home, "check")
    for number in range(4):
        drop(home, f"{number}.json", '{"task": "many"}')
    drop(home, "wrong.json", '{"tsk": "many"}')
    execute(home)
    return home


def digest(home: Home, since: str = "yesterday") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(clodputer(home, "status", "--since", since, "--json")[0])["data"]
    return found


def test_failures_that_are_over_are_counted_from_the_moment_asked_for(home: Home) -> None:
    """The sentence names that moment, and the command beside it shows the same span."""
    command_task(home, "check", "/bin/true")
    drop(home, "check")
    execute(home)
    yesterday = {
        need["kind"]: need for need in json.loads(clodputer(home, "status", "--json")[0])["data"]["needs"]
    }
    assert yesterday["failures"]["text"] == "1 run failed since yesterday"
    asked = {need["kind"]: need for need in digest(home, "2h")["needs"]}["failures"]
    moment = asked["command"].rpartition(" ")[2]
    assert asked["text"] == f"1 run failed since {moment}"
    assert abs(moment_since(moment, clock.time()) - clock.time() + 7200) < 600
    shown, _ = clodputer(home, *asked["command"].split()[1:])
    assert "exit_status" in shown


def test_failures_come_first_with_a_line_of_their_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = without(morning({"CLODPUTER_HOME": home.root}, clock.time(), "yesterday", 2).text)
    lines = text.splitlines()
    assert lines[0].endswith(": 6 runs, 1 failed")
    failed, ran, waits = (lines.index(title) for title in ("Failed", "Ran", "Waits for you"))
    assert failed < ran < waits
    assert lines[failed + 1].startswith("  check  failed (exit_status)  ")
    assert lines[failed + 2] == "    It exited with status 3. stderr: no such host"
    # The latest two of each task.
    assert text.count("    one of many") == 2
    assert "  and 2 more of many" in lines
    assert max(map(len, lines)) <= 80
    assert "1 rejected" in text
    # What stands above is not said twice.
    assert "its latest run" not in text


def test_as_json(home: Home) -> None:
    found = digest(home)
    assert [(run["task"], run["line"]) for run in found["failed"]] == [
        ("check", "It exited with status 3. stderr: no such host")
    ]
    assert {(run["task"], run["line"]) for run in found["runs"]} >= {("many", "one of many")}
    assert {task["task"]: (task["runs"], task["failed"]) for task in found["tasks"]} == {
        "updates": (1, 0),
        "check": (1, 1),
        "many": (4, 0),
    }
    assert (found["total_cost_usd"], found["rejected"]) == (0.0, 1)
    assert [run["task"] for run in found["attention"]["failing"]] == ["check"]


def test_a_record_that_is_gone_leaves_what_the_log_knows(home: Home) -> None:
    [run_id] = runs.ids(home, "check")
    Path(runs.folder(home, "check", run_id), "record.json").unlink()
    [failed] = digest(home)["failed"]
    assert (failed["run_id"], failed["line"]) == (run_id, "The program exited with a status other than 0.")


def test_secrets_are_masked(home: Home) -> None:
    write_secrets(home, "HOST=such host\n")
    assert "such host" not in json.dumps(digest(home))
    assert "such host" not in clodputer(home, "status", "--since", "1h")[0]


def test_a_night_without_a_run(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    assert "nothing has run." in clodputer(home, "status", "--since", "yesterday")[0]
    assert digest(home)["runs"] == []


def test_moments_that_people_name() -> None:
    now = datetime(2026, 11, 28, 8, 30).astimezone()
    midnight = datetime(2026, 11, 28).astimezone()
    for text, moment in (
        ("today", midnight),
        ("Yesterday", datetime(2026, 11, 27).astimezone()),
        ("2h", now - timedelta(hours=2)),
        ("2026-11-01", datetime(2026, 11, 1).astimezone()),
    ):
        assert moment_since(text, now.timestamp()) == moment.timestamp(), text
    with pytest.raises(ClodputerError, match="neither a duration nor a date"):
        moment_since("last week", now.timestamp())


def test_it_does_not_go_with_schedulers(home: Home) -> None:
    _, stderr = clodputer(home, "status", "--since", "1h", "--schedulers", status=2)
    assert "--since does not go with --schedulers" in stderr
