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
from tests.cli.terminal import Terminal, screen
from tests.fakes.start import install_fake_claude
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    events,
    everything,
    make_home,
    records,
    start,
    write_task,
)

PYTHON = sys.executable


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


EVENTS = [
    {"type": "system", "subtype": "init", "model": "some-model", "cwd": "/work"},
    {
        "type": "assistant",
        "message": {
            "id": "m1",
            "usage": {"input_tokens": 1200, "output_tokens": 34},
            "content": [
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make \x1b[2J tests"}}
            ],
        },
    },
]
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "num_turns": 1,
    "result": "All is well.",
    "total_cost_usd": 0.04,
    "permission_denials": [],
    "terminal_reason": "completed",
    "stop_reason": "end_turn",
    "usage": {},
}


def claude(home: Home, tmp_path: Path, *, forever: bool = False) -> Path:
    """A task `nightly` for a claude that says two things and waits for the file that is returned, or for ever."""
    go, program = tmp_path / "go", tmp_path / "claude"
    program.write_text(
        f"#!{PYTHON}\nimport json, os, sys, time\nsys.stdin.read()\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        f"for event in {EVENTS!r}:\n    print(json.dumps({{**event, 'session_id': str(os.getpid())}}), flush=True)\n"
        f"while {forever} or not os.path.exists({str(go)!r}):\n    time.sleep(0.02)\n"
        f"print(json.dumps({{**{RESULT!r}, 'session_id': str(os.getpid())}}), flush=True)\n"
    )
    program.chmod(0o755)
    Path(home.config).write_text(f"claude: {program}\n")
    write_task(home, "nightly", "prompt: do it\n")
    return go


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
    running, go = tmp_path / "running", tmp_path / "go"
    wait = f"import os, time\nopen({str(running)!r}, 'w')\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    command_task(home, "slow", PYTHON, "-c", wait)
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    first = start(home, "exec", "--task", "slow")
    until(running.exists)
    with Terminal(home, "run", "greet", columns=120) as terminal:
        terminal.wait_for("another exec is running slow (")
        terminal.wait_for("waits: lane default is running slow (for ")
        go.touch()
        assert terminal.end() == 0
    assert "greet succeeded after" in terminal.plain
    assert first.wait(timeout=30) == 0
    first.communicate()


def test_two_lanes_at_once(home: Home, tmp_path: Path) -> None:
    """With work in another lane as well, runs are in processes of their own; the line is drawn all the same."""
    go = claude(home, tmp_path)
    command_task(home, "other", PYTHON, "-c", "print('x')", more="lane: second\n")
    clodputer(home, "run", "other", "--no-wait")
    with Terminal(home, "run", "nightly", columns=100) as terminal:
        terminal.wait_for("1 turn, 1.2k tokens")
        go.touch()
        assert terminal.end() == 0
    assert [record["outcome"] for record in records(home, "other")] == ["succeeded"]


def test_follow(home: Home, tmp_path: Path) -> None:
    """The conversation as it comes, without what a terminal would obey, then the record; in a pipe as in a terminal."""
    go = claude(home, tmp_path)
    run = start(home, "run", "nightly", "--follow")
    assert run.stdout is not None
    assert run.stdout.readline() == "starts   some-model, /work\n"
    assert run.stdout.readline() == "uses     Bash: make \\x1b[2J tests\n"
    assert run.poll() is None
    go.touch()
    stdout, stderr = run.communicate(timeout=30)
    assert stderr == ""
    assert stdout.startswith("ends     All is well.\nnightly succeeded after ")
    with Terminal(home, "run", "nightly", "--follow", columns=100) as terminal:
        assert terminal.end() == 0
        shown = terminal.screen()
    assert shown[1:4] == [
        "starts   some-model, /work",
        "uses     Bash: make \\x1b[2J tests",
        "ends     All is well.",
    ]
    assert shown[4].startswith("nightly succeeded after ")


def test_secrets_are_masked_while_it_happens(home: Home, tmp_path: Path) -> None:
    """The files of a run are masked at its end only."""
    Path(home.secrets).write_text("KEY=some-model\n")
    Path(home.secrets).chmod(0o600)
    claude(home, tmp_path).touch()
    with Terminal(home, "run", "nightly", "--follow", columns=100) as terminal:
        assert terminal.end() == 0
    assert "starts   ***, /work" in terminal.plain
    assert "some-model" not in terminal.text


def test_a_reader_that_does_not_read_holds_up_no_run(home: Home, tmp_path: Path) -> None:
    """The pipe is full, and the run ends and is settled; what was held back comes when it is read."""
    go = tmp_path / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)"
    command_task(home, "loud", PYTHON, "-c", f"print(('y' * 300 + chr(10)) * 20000, flush=True)\n{wait}")
    run = start(home, "run", "loud", "--follow")
    assert run.stdout is not None
    first = os.read(run.stdout.fileno(), 10)
    assert first == b"prints   y"
    go.touch()
    until(lambda: records(home, "loud") or None, 20.0)
    assert run.poll() is None
    stdout, _ = run.communicate(timeout=60)
    assert (first.decode() + stdout).count("prints   yyy") == 20000
    assert run.returncode == 0


def test_a_reader_that_goes_away_holds_up_no_run(home: Home, tmp_path: Path) -> None:
    """As with `| head`: the run is finished and recorded, and nothing is said of a broken pipe."""
    go = claude(home, tmp_path)
    run = start(home, "run", "nightly", "--follow")
    assert run.stdout is not None
    run.stdout.readline()
    run.stdout.close()
    go.touch()
    assert run.stderr is not None
    with run.stderr:
        assert run.stderr.read() == ""
    run.wait(timeout=30)
    assert [record["outcome"] for record in records(home, "nightly")] == ["succeeded"]


def test_a_fake_claude_with_a_denial(home: Home, tmp_path: Path) -> None:
    """Denials are marked as such."""
    binary = install_fake_claude(tmp_path / "bin")
    Path(home.config).write_text(f"claude: {binary}\n")
    write_task(home, "nightly", 'prompt: "@fake denied Write"\n')
    stdout, _ = clodputer(home, "run", "nightly", "--follow", status=1)
    assert re.search(r"^denied   Write: ", stdout, re.MULTILINE)
    assert "\nfails " not in stdout
    assert "nightly failed after" in stdout


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
        until(lambda: records(home, "steps") or None, 20.0)
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
