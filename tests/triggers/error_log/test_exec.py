"""A task with `type: error_log`, through the installed command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store import look
from clodputer.store.home import Home
from tests.workshop import clodputer, events, execute, records, write_task

TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in a\n    b()\nKeyError: 1\n'


@pytest.fixture
def log(home: Home, tmp_path: Path) -> Path:
    """A log that a task follows."""
    path = tmp_path / "app.log"
    path.write_text("ERROR of before\n")
    trigger = (
        f"trigger: {{type: error_log, paths: [{tmp_path}/*.log, {home.root}], every: 1m, context_lines: 2}}\n"
    )
    write_task(home, "fix", f"agent: command\ncommand: ['true']\n{trigger}")
    return path


def later(home: Home, log: Path) -> None:
    """The time for the next look has come, and nobody has written meanwhile."""
    look.forget(home, "fix.yaml")
    os.utime(log, (1_700_000_000, 1_700_000_000))
    execute(home, "--task", "fix")


def requests(home: Home) -> list[dict[str, object]]:
    """What the requests of the runs brought along, the oldest first."""
    found = sorted(Path(home.runs, "fix").glob("*/request.json"))
    return [json.loads(path.read_text())["context"]["error"] for path in found]


def test_errors_become_runs(home: Home, log: Path) -> None:
    execute(home, "--task", "fix")
    assert requests(home) == []
    with log.open("a") as more:
        more.write("fine\n" + TRACEBACK + "CRITICAL out of disk 17\nfine\nERROR again 1\nERROR again 2\n")
    later(home, log)
    log.rename(f"{log}.1")
    log.write_text("ERROR again 3\nERROR other\n")
    later(home, log)
    found = requests(home)
    assert sorted((error["message"], error["count"], error["line"]) for error in found) == [
        ("CRITICAL out of disk 17", 1, 7),
        ("ERROR again 1", 2, 9),
        ("ERROR again 3", 1, 1),
        ("ERROR other", 1, 2),
        ("KeyError: 1", 1, 3),
    ]
    # A run about it had succeeded when it came again.
    assert [error["rule"] for error in found if error["message"] == "ERROR again 3"] == ["regressed"]
    assert [record["item"] for record in records(home, "fix")] == [error["fingerprint"] for error in found]
    (traceback,) = (error for error in found if error["message"] == "KeyError: 1")
    assert str(traceback["context"]).startswith("ERROR of before\nfine\nTraceback")
    assert str(traceback["context"]).endswith("KeyError: 1\nCRITICAL out of disk 17\nfine")
    assert found[0]["critical"] is True
    assert events(home, "queued")[0]["priority"] == 5


def test_what_is_wrong_is_said(home: Home, log: Path) -> None:
    write_task(
        home,
        "bad",
        "agent: command\ncommand: ['true']\ntrigger: {type: error_log, paths: /x, patterns: '('}\n",
    )
    assert "a regular expression" in clodputer(home, "validate", "bad", status=1)[0]
    write_task(
        home, "gone", "agent: command\ncommand: ['true']\ntrigger: {type: error_log, paths: /nowhere/x.log}\n"
    )
    execute(home, "--task", "gone")
    (failed,) = events(home, "watch_failed")
    assert "/nowhere/x.log does not exist" in str(failed["message"])
    assert "looked at every" in clodputer(home, "list")[0]
