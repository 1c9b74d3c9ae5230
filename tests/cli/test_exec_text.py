"""What exec says to a person, and that it says nothing to a scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli.terminal import Terminal, in_terminal
from tests.wait import until
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
        lines = [line.strip() for line in text.split("\n") if line.startswith(f"{name} ")]
        assert lines[0] == f"{name} started   {record['run_id']}"
        assert lines[1].startswith(f"{name} {outcome} after")
        assert lines[1].endswith(f"clodputer show {record['run_id']}")
        assert len(lines) == 2
    assert "(exit_status)" in text
    assert "1 rejected; why: clodputer queue --rejected" in text
    assert in_terminal(home, "exec") == (0, "nothing to run\r\n")


def test_a_scheduler_is_told_nothing(home: Home) -> None:
    """Without a terminal nothing is printed, so cron has nothing to mail."""
    drop(home, "bad")
    assert clodputer(home, "exec") == ("", "")


def test_it_is_told_while_it_happens(home: Home, tmp_path: Path) -> None:
    """The line of a start is there before the end, of runs in other lanes as well."""
    go = tmp_path / "go"
    for name, lane in (("one", "default"), ("two", "second")):
        wait = f"while [ ! -e {go} ]; do sleep 0.05; done"
        command_task(home, name, "/bin/sh", "-c", wait, more=f"lane: {lane}\n")
        drop(home, name)
    with Terminal(home, "exec", extra={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("one started")
        terminal.wait_for("two started")
        assert "succeeded" not in terminal.text
        go.touch()
        assert terminal.end() == 0
    assert "one succeeded after" in terminal.text
    assert "two succeeded after" in terminal.text


def test_a_stopped_terminal_holds_up_no_run(home: Home) -> None:
    """After Ctrl-S nothing is shown, and the run is made all the same."""
    drop(home, "good")
    with Terminal(home, "exec") as terminal:
        terminal.type("\x13")
        until(lambda: records(home, "good") or None)
        terminal.type("\x11")
        assert terminal.end() == 0
