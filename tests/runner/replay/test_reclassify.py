"""`reclassify`: a verdict of older rules is corrected beside its record, and everything that counts runs goes by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.runs import rejudge
from clodputer.store.home import Home
from clodputer.store.records.history import History
from tests.workshop import clodputer, drop, execute, write_task

IDLE = """agent: command\ncommand: [sh, -c, 'echo "{\\"nothing_to_do\\": true}"']\n"""


def reclassified(home: Home, *arguments: str) -> Any:
    return json.loads(clodputer(home, "reclassify", "--json", *arguments)[0])["data"]


@pytest.fixture
def old(home: Home) -> Path:
    """A run that an older version took for a success."""
    write_task(home, "idle", IDLE)
    write_task(home, "fine", "agent: command\ncommand: [echo, done]\n")
    for name in ("idle", "fine"):
        drop(home, name)
    execute(home)
    (folder,) = Path(home.runs, "idle").iterdir()
    for path in (folder / "record.json", Path(home.log)):
        path.write_text(
            path.read_text().replace('"skipped"', '"succeeded"').replace('"nothing_to_do"', '"completed"')
        )
    return folder


def test_a_verdict_is_corrected_beside_its_record(home: Home, old: Path) -> None:
    record = (old / "record.json").read_text()
    history = History(home)
    assert {run.outcome for run in history.runs()} == {"succeeded"}
    data = reclassified(home)
    assert (data["looked_at"], data["changed"], data["written"]) == (2, 1, False)
    assert (data["runs"][0]["was"]["reason"], data["runs"][0]["now"]["reason"]) == (
        "completed",
        "nothing_to_do",
    )
    assert not (old / "correction.json").exists()
    assert reclassified(home, "--write", "--dry-run")["written"] is False
    assert reclassified(home, old.name, "--write")["changed"] == 1
    assert (old / "record.json").read_text() == record
    reclassified(home, "--write")
    assert Path(home.log).read_text().count('"reclassified"') == 1
    history.renew()
    for known in (history, History(home)):
        assert sorted(run.reason for run in known.runs()) == ["completed", "nothing_to_do"]
        assert [run.outcome for run in known.of_task("idle")] == ["skipped"]
    shown, _ = clodputer(home, "show", old.name)
    assert "corrected" in shown
    assert "recorded was succeeded (completed)" in shown
    data = json.loads(clodputer(home, "show", old.name, "--json")[0])["data"]
    assert (data["record"]["outcome"], data["correction"]["outcome"]) == ("succeeded", "skipped")
    listed = json.loads(clodputer(home, "runs", "idle", "--json")[0])["data"]["runs"]
    assert [run["outcome"] for run in listed] == ["skipped"]
    assert listed[0]["line"].startswith("(corrected)")


def test_an_index_that_knew_the_run_before_goes_by_the_correction(home: Home, old: Path) -> None:
    assert json.loads(clodputer(home, "runs", "--json")[0])["data"]["total"] == 2
    reclassified(home, old.name, "--write")
    data = json.loads(clodputer(home, "runs", "--outcome", "skipped", "--json")[0])["data"]
    assert [run["task"] for run in data["runs"]] == ["idle"]


@pytest.mark.parametrize(
    ("fields", "done", "hopeless", "stopped"),
    [
        ({"reason": "timeout", "signal": 15}, False, "", "timeout"),
        ({"reason": "completed", "outcome": "succeeded", "signal": 9}, True, "", "exit_grace"),
        ({"reason": "completed", "outcome": "succeeded", "exit_status": 0}, True, "", ""),
        ({"reason": "killed", "signal": 9}, False, "", ""),
        ({"reason": "killed", "signal": 9}, False, "mcp", "mcp"),
        ({"reason": "max_cost", "exit_status": 1}, True, "", ""),
        ({"reason": "max_cost", "exit_status": 143}, False, "max_cost", "max_cost"),
    ],
)
def test_why_it_was_stopped_follows_from_the_record(
    fields: Any, done: bool, hopeless: str, stopped: str
) -> None:
    assert rejudge.stopped(fields, done=done, hopeless=hopeless) == stopped


def test_what_the_stream_did_not_decide_is_left_alone(home: Home) -> None:
    write_task(
        home, "unmet", "agent: command\ncommand: [echo, done]\nexpect: {file_exists: [nothing-here]}\n"
    )
    drop(home, "unmet")
    execute(home)
    data = reclassified(home)
    assert (data["changed"], data["left_alone"]) == (0, 1)
    assert "expect_unmet" in data["runs"][0]["why"]
