"""What a person sees of a run that is going on: status and logs --follow, read off the screen of tmux."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

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
        assert any(re.match(r"nightly +default +\d", line) for line in shown)
        assert run_id in "".join(shown).replace(" ", "")
        assert max(map(len, shown)) <= columns

        terminal.type("clear; clodputer logs --follow")
        shown = terminal.wait_for("started")
        assert not any("finished" in line for line in shown)
        go.touch()
        shown = terminal.wait_for("finished")
        going.communicate(timeout=60)
        assert [
            word for line in shown for word in ("queued", "started", "finished") if f" {word}" in line
        ] == [
            "queued",
            "started",
            "finished",
        ]
        terminal.press("C-c")
        terminal.wait_for_pattern(r"^(\^C)?\$$")
        terminal.type("echo status $?")
        shown = terminal.wait_for("status 130")
        assert not any("Traceback" in line for line in shown)

        terminal.type("clear; clodputer status")
        shown = terminal.prompt()
        assert shown[0] == "Nothing is being run."
        assert any(re.match("nightly +succeeded", line) for line in shown)
