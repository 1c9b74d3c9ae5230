"""`clodputer run` in a terminal: a live line in its place, the conversation, and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli.holding import another_exec
from tests.cli.talking import claude
from tests.cli.terminal import Terminal, screen
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    events,
    everything,
    outcomes,
    records,
)

pytestmark = pytest.mark.slow

PYTHON = sys.executable


def test_the_live_line(home: Home, tmp_path: Path) -> None:
    """Elapsed time, turns, tokens, the last tool; one line in its place, and gone when the result is there."""
    go = claude(home, tmp_path)
    go.touch()
    clodputer(home, "run", "nightly")
    go.unlink()
    with Terminal(home, "run", "nightly", columns=100) as terminal:
        terminal.wait_for("1 turn, 1.2k tokens  Bash: make \\x1b[2J tests")
        before = screen(terminal.text)
        assert re.fullmatch(r"nightly: request [0-9a-f]{8} dropped; Ctrl-C cancels it", before[0])
        assert re.match(r"nightly  \d+s \(usually \d+s\)  1 turn", before[1])
        assert len(before) == 2
        until(lambda: terminal.read() and len(set(re.findall(r"\rnightly  (\w+)", terminal.text))) > 1)
        assert len(screen(terminal.text)) == 2
        go.touch()
        assert terminal.end() == 0
        after = terminal.screen()
    assert after[0] == before[0]
    assert after[1].startswith("nightly succeeded after ")
    assert "usually" not in "".join(after)
    assert any("$0.04" in line for line in after)
    assert "\x1b[2J" not in terminal.text


@pytest.mark.parametrize("columns", [24, 40])
def test_the_live_line_fits_a_narrow_terminal(home: Home, tmp_path: Path, columns: int) -> None:
    """No drawing is as wide as the terminal, which would then begin a new line."""
    go = claude(home, tmp_path)
    with Terminal(home, "run", "nightly", columns=columns) as terminal:
        terminal.wait_for("...\x1b[K")
        go.touch()
        assert terminal.end() == 0
    drawn = re.findall("\r([^\r\n\x1b]+)\x1b\\[K", terminal.text)
    assert drawn
    assert max(map(len, drawn)) < columns


@pytest.mark.parametrize("extra", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_what_a_terminal_cannot_or_shall_not_do(home: Home, tmp_path: Path, extra: dict[str, str]) -> None:
    """A terminal that can only print gets nothing that moves; NO_COLOR takes the colour alone."""
    claude(home, tmp_path).touch()
    with Terminal(home, "run", "nightly", extra=extra) as terminal:
        assert terminal.end() == 0
    assert "nightly succeeded after" in terminal.plain
    assert not re.search("\x1b\\[[0-9;]*m", terminal.text)
    if extra.get("TERM") == "dumb":
        assert "\x1b" not in terminal.text
        assert "\r" not in terminal.text.replace("\r\n", "\n")


def test_nothing_moves_where_nobody_watches(home: Home, tmp_path: Path) -> None:
    """In a pipe, and with --json in a terminal."""
    claude(home, tmp_path).touch()
    stdout, stderr = clodputer(home, "run", "nightly", extra={"TERM": "xterm"})
    assert stderr == ""
    assert "\r" not in stdout
    with Terminal(home, "run", "nightly", "--json") as terminal:
        assert terminal.end() == 0
    assert json.loads(terminal.text)["data"]["record"]["outcome"] == "succeeded"


def test_ctrl_c_in_a_terminal(home: Home, tmp_path: Path) -> None:
    """Typed twice: the agent is gone, the run recorded as cancelled, and the screen says so."""
    claude(home, tmp_path, forever=True)
    with Terminal(home, "run", "nightly", columns=120) as terminal:
        terminal.wait_for("Bash: make")
        terminal.type("\x03\x03")
        assert terminal.end() == 130
        shown = terminal.screen()
    assert not alive(int((tmp_path / "pid").read_text()))
    (record,) = records(home, "nightly")
    assert (record["outcome"], record["reason"]) == ("cancelled", "cancelled")
    assert any(line.startswith("nightly cancelled after ") for line in shown)
    assert any("stopped because a person asked for it" in line for line in shown)
    assert not any("Traceback" in line or "usually" in line for line in shown)
    assert everything(home) == {}


def test_it_says_what_it_waits_for(home: Home, tmp_path: Path) -> None:
    """Another exec holds the lane: its task is named, by the line that moves and by one that stays."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    with another_exec(home, tmp_path) as go, Terminal(home, "run", "greet", columns=120) as terminal:
        terminal.wait_for("another exec is running slow (")
        terminal.wait_for("waits: lane default is running slow (for ")
        go.touch()
        assert terminal.end() == 0
    assert "greet succeeded after" in terminal.plain


def test_it_says_why_a_gate_keeps_its_request_waiting(home: Home) -> None:
    """No other exec is there, and none is blamed."""
    command_task(home, "greet", PYTHON, "-c", "print('x')", more="require: {memory_below: 1%}\n")
    with Terminal(home, "run", "greet", columns=120) as terminal:
        terminal.wait_for("it waits: ")
        assert "another exec" not in terminal.plain
        terminal.type("\x03")
        assert terminal.end() == 130


def test_two_lanes_at_once(home: Home, tmp_path: Path) -> None:
    """With work in another lane as well, runs are in processes of their own; the line is drawn all the same."""
    go = claude(home, tmp_path)
    command_task(home, "other", PYTHON, "-c", "print('x')", more="lane: second\n")
    clodputer(home, "run", "other", "--no-wait")
    with Terminal(home, "run", "nightly", columns=100) as terminal:
        terminal.wait_for("1 turn, 1.2k tokens")
        go.touch()
        assert terminal.end() == 0
    assert outcomes(home, "other") == ["succeeded"]


def test_a_line_on_a_stopped_terminal_holds_up_no_run(home: Home, tmp_path: Path) -> None:
    """Ctrl-S keeps the terminal from taking anything; the run ends and is settled all the same."""
    go = tmp_path / "go"
    wait = f"import os, time\nprint('waiting', flush=True)\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)"
    steps = "for step in range(30):\n    print('step', step, flush=True)\n    time.sleep(0.05)"
    command_task(home, "steps", PYTHON, "-c", f"{wait}\n{steps}")
    with Terminal(home, "run", "steps", columns=100) as terminal:
        terminal.wait_for("waiting")
        terminal.type("\x13")
        go.touch()
        until(lambda: records(home, "steps") or None)
        terminal.type("\x11")
        assert terminal.end() == 0
    assert terminal.screen()[1].startswith("steps succeeded after")


def test_sigint_to_a_run_that_is_watched(home: Home, tmp_path: Path) -> None:
    """Sent by a program and not by the terminal, it means the same."""
    claude(home, tmp_path, forever=True)
    with Terminal(home, "run", "nightly", columns=100) as terminal:
        terminal.wait_for("1 turn")
        os.kill(terminal.process.pid, signal.SIGINT)
        assert terminal.end() == 130
    assert [event["reason"] for event in events(home, "finished")] == ["cancelled"]


def test_a_run_that_is_watched_leaves_stdout_to_others(home: Home, tmp_path: Path) -> None:
    """With stdout in a file the line is drawn on stderr, and the file has the result alone."""
    claude(home, tmp_path).touch()
    out = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT, 0o600)
    with Terminal(home, "run", "nightly", columns=100, stdout=out) as terminal:
        assert terminal.end() == 0
    os.close(out)
    text = (tmp_path / "out").read_text()
    assert text.startswith("nightly succeeded after")
    assert "\r" not in text
    assert terminal.screen()[-1] == ""
