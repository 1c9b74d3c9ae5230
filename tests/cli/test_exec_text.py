"""What exec says to a person, and that it says nothing to a scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli.terminal import in_terminal
from tests.workshop import clodputer, command_task, drop, make_home, records


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a task that works and one that does not."""
    made = make_home(tmp_path)
    command_task(made, "good", "/bin/true")
    command_task(made, "bad", "/bin/false")
    return made


def test_a_person_is_told_each_run(home: Home) -> None:
    """In a terminal: a line for each run with the command that shows it, and what was rejected."""
    for name in ("good", "bad", "nosuch"):
        drop(home, name)
    status, text = in_terminal(home, "exec", extra={"NO_COLOR": "1"})
    assert status == 0
    for name, outcome in (("good", "succeeded"), ("bad", "failed")):
        (record,) = records(home, name)
        assert f"{name} {outcome} after" in text
        assert f"clodputer show {record['run_id']}" in text
    assert "1 rejected; why: clodputer queue --rejected" in text
    assert in_terminal(home, "exec") == (0, "nothing to run\r\n")


def test_a_scheduler_is_told_nothing(home: Home) -> None:
    """Without a terminal nothing is printed, so cron has nothing to mail."""
    drop(home, "bad")
    assert clodputer(home, "exec") == ("", "")
