"""`clodputer run --follow`: the conversation as it happens, whoever reads it and however slowly."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from clodputer.store.home import Home
from tests.cli.talking import claude
from tests.cli.terminal import Terminal
from tests.fakes.start import install_fake_claude
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    outcomes,
    records,
    start,
    write_secrets,
    write_task,
)

PYTHON = sys.executable


def test_follow(home: Home, tmp_path: Path) -> None:
    """The conversation as it comes, without what a terminal would obey, then the record; in a pipe as in a terminal."""
    go = claude(home, tmp_path)
    run = start(home, "run", "nightly", "--follow")
    assert run.stdout is not None
    assert run.stdout.readline() == "starts   some-model, /projects\n"
    assert run.stdout.readline() == "uses     Bash: make \\x1b[2J tests\n"
    assert run.poll() is None
    go.touch()
    stdout, stderr = run.communicate(timeout=100)
    assert stderr == ""
    assert stdout.startswith("ends     All is well.\nnightly succeeded after ")
    with Terminal(home, "run", "nightly", "--follow", columns=100) as terminal:
        assert terminal.end() == 0
        shown = terminal.screen()
    assert shown[1:4] == [
        "starts   some-model, /projects",
        "uses     Bash: make \\x1b[2J tests",
        "ends     All is well.",
    ]
    assert shown[4].startswith("nightly succeeded after ")


def test_secrets_are_masked_while_it_happens(home: Home, tmp_path: Path) -> None:
    """The files of a run are masked at its end only."""
    write_secrets(home, "KEY=some-model\n")
    claude(home, tmp_path).touch()
    with Terminal(home, "run", "nightly", "--follow", columns=100) as terminal:
        assert terminal.end() == 0
    assert "starts   ***, /projects" in terminal.plain
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
    until(lambda: records(home, "loud") or None)
    assert run.poll() is None
    stdout, _ = run.communicate(timeout=100)
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
    run.wait(timeout=100)
    assert outcomes(home, "nightly") == ["succeeded"]


def test_a_fake_claude_with_a_denial(home: Home, tmp_path: Path) -> None:
    """Denials are marked as such."""
    binary = install_fake_claude(tmp_path / "bin")
    Path(home.config).write_text(f"claude: {binary}\n")
    write_task(home, "nightly", 'prompt: "@fake denied Write"\n')
    stdout, _ = clodputer(home, "run", "nightly", "--follow", status=1)
    assert re.search(r"^denied   Write: ", stdout, re.MULTILINE)
    assert "\nfails " not in stdout
    assert "nightly failed after" in stdout
