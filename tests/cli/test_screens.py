"""What a person sees in a real terminal: init, new, run, show and Ctrl-C, read off the screen of tmux."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli import tmux
from tests.workshop import command_task, outcomes, records

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """None yet: `init` makes it."""
    tmux.require()
    return Home(str(tmp_path / "home"))


def waits_for(go: Path) -> str:
    """The text of a program that says two things and waits for a file."""
    wait = f"while not os.path.exists({str(go)!r}): time.sleep(0.02)"
    return f"import os, time\nprint('at work', flush=True)\n{wait}\nprint('well done')"


def test_the_way_of_a_newcomer(home: Home, tmp_path: Path) -> None:
    """init, new, run and show, one after the other on one screen."""
    go = tmp_path / "go"
    with tmux.Tmux(home, lines=50) as terminal:
        terminal.type("clodputer init")
        terminal.wait_for("Make a Clodputer home in")
        terminal.type("")
        shown = terminal.wait_for("Next:")
        assert "  made  tasks/hello.yaml" in shown
        assert any(line.startswith("  clodputer run hello") for line in terminal.prompt())

        terminal.type("clear; clodputer new question -t manual")
        terminal.wait_for("clodputer run question --dry-run")
        shown = terminal.prompt()
        assert "".join(shown[:2]).startswith(f"made  {home.tasks}/question.yaml")
        assert "      Answer one question" in shown

        command_task(home, "nightly", sys.executable, "-c", waits_for(go))
        terminal.type("clear; clodputer run nightly")
        shown = terminal.wait_for("at work")
        assert re.fullmatch("nightly: request [0-9a-f]{8} dropped; Ctrl-C cancels it", shown[0])
        assert re.fullmatch(r"nightly  \d+s  at work", shown[1])
        assert len(shown) == 2
        shown = terminal.wait_for_pattern(r"^nightly  [1-9]\d*s  at work")
        assert len(shown) == 2
        go.touch()
        shown = terminal.prompt()
        assert re.fullmatch(r"nightly succeeded after \d+(\.\d)?s", shown[1])
        assert "  result     well done" in shown
        assert not any("at work" in line for line in shown)

        terminal.type("clear; clodputer show nightly")
        terminal.wait_for("record.json")
        shown = terminal.prompt()
        assert shown[0].startswith("nightly succeeded after ")
        assert "  prints   at work" in shown
        assert "  prints   well done" in shown
        terminal.type("clear; clodputer show nightly --stderr; echo status $?")
        assert terminal.wait_for("status 0")[0] == "status 0"


@pytest.mark.parametrize("columns", [30, 80])
def test_ctrl_c_on_the_screen(home: Home, tmp_path: Path, columns: int) -> None:
    """The line that moved is gone, the end is told, and the exit code is 130; a narrow line never wraps."""
    with tmux.Tmux(home, columns=columns) as terminal:
        terminal.type("clodputer init --yes >/dev/null")
        terminal.prompt()
        command_task(home, "nightly", sys.executable, "-c", waits_for(tmp_path / "never"))
        terminal.type("clear; clodputer run nightly")
        shown = terminal.wait_for_pattern(r"^nightly  [1-9]\d*s  at work")
        assert [line for line in shown if "at work" in line] == [shown[-1]]
        terminal.press("C-c")
        shown = terminal.prompt()
        assert any(line.startswith("nightly cancelled after ") for line in shown)
        assert not any(
            "at work" in line or "Traceback" in line for line in shown if not line.startswith("  result")
        )
        terminal.type("echo status $?")
        assert terminal.wait_for("status 130")
    assert [record["reason"] for record in records(home, "nightly")] == ["cancelled"]


def test_a_terminal_that_is_made_narrow(home: Home, tmp_path: Path) -> None:
    """The line follows the width that the terminal has now."""
    go = tmp_path / "go"
    with tmux.Tmux(home, columns=100) as terminal:
        terminal.type("clodputer init --yes >/dev/null")
        terminal.prompt()
        command_task(
            home, "nightly", sys.executable, "-c", f"print('many words ' * 20, flush=True)\n{waits_for(go)}"
        )
        terminal.type("clear; clodputer run nightly")
        terminal.wait_for("at work")
        terminal.call("resize-window", "-x", "24", "-y", "40")
        terminal.wait_for_pattern(r"^nightly  [2-9]\d*s")
        go.touch()
        terminal.prompt()
    assert outcomes(home, "nightly") == ["succeeded"]
