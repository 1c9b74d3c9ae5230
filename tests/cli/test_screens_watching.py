"""What a person sees of a run that is going on: status and logs --follow, read off the screen of tmux."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from clodputer.cli.terminal.redrawn import drawn
from tests.cli import tmux
from tests.wait import until
from tests.workshop import command_task, drop, events, make_home, start

pytestmark = pytest.mark.slow

WAITS = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)"


@pytest.mark.parametrize("columns", [44, 100])
def test_status_and_logs_during_a_run(tmp_path: Path, columns: int) -> None:
    """The run is on the screen while it lasts, its end appears as it happens, and Ctrl-C ends only the looking."""
    tmux.require()
    home = make_home(tmp_path)
    go = tmp_path / "go"
    command_task(home, "nightly", sys.executable, "-c", WAITS, str(go))
    drop(home, "nightly")
    with tmux.Tmux(home, columns=columns, lines=60) as terminal:
        going = start(home, "exec")
        until(lambda: events(home, "started"), message="the run never starts")
        (run_id,) = (event["run_id"] for event in events(home, "started"))

        terminal.type("clear; clodputer status")
        shown = terminal.prompt()
        assert shown[0].split()[:2] == ["RUNNING", "LANE"]
        assert shown[1].split()[0] == "nightly"
        assert run_id[-8:] in "".join(shown).replace(" ", "")
        assert max(map(len, shown)) <= columns

        terminal.type("clear; clodputer logs --follow")
        shown = terminal.wait_for("started")
        assert not any("finished" in line for line in shown)
        go.touch()
        shown = terminal.wait_for("finished")
        going.communicate(timeout=100)
        events_shown = re.findall(r" (queued|started|finished)\b", "\n".join(shown))
        assert events_shown == ["queued", "started", "finished"]
        terminal.press("C-c")
        terminal.type("echo status $?")
        shown = terminal.wait_for("status 130")
        assert not any("Traceback" in line for line in shown)

        terminal.type("clear; clodputer status")
        shown = terminal.prompt()
        assert shown[0] == "Nothing is being run."
        assert re.search(r"^nightly\s+(ENDED\s+)?succeeded", "\n".join(shown), re.MULTILINE)


def test_status_is_drawn_again_and_again(tmp_path: Path) -> None:
    """What happens meanwhile comes onto the screen, which it never leaves; Ctrl-C ends the looking, which is no failure."""
    tmux.require()
    home = make_home(tmp_path)
    command_task(home, "nightly", "true")
    with tmux.Tmux(home, lines=10) as terminal:
        terminal.type("clodputer status --watch; echo status $?")
        terminal.wait_for("Nothing is being run.")
        drop(home, "nightly")
        shown = terminal.wait_for("1 dropped and not taken in yet")
        assert shown[0] == "Nothing is being run."
        for number in range(12):
            Path(home.tasks, f"broken-{number}.yaml").write_text("prompt: [")
        shown = terminal.wait_for_pattern(r"^\.\.\. and \d+ more lines$")
        assert shown[0] == "Nothing is being run."
        terminal.press("C-c")
        terminal.wait_for("status 0")


def test_what_is_drawn_fits(tmp_path: Path) -> None:
    """Each line clears what stood behind it, and the last one says what is left out."""
    assert drawn("a\nb\n", 3) == "a\x1b[K\nb\x1b[K\n\x1b[J"
    assert drawn("a\nb\nc", 3) == "a\x1b[K\n... and 2 more lines\x1b[K\n\x1b[J"
    ended = start(make_home(tmp_path), "status", "--watch")
    assert (ended.wait(100), "--watch redraws its page" in str(ended.communicate())) == (2, True)
