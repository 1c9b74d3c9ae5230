"""The dashboard in a real terminal: its screen read back at three sizes, its keys pressed, and what they did on disk."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import time

import psutil
import pytest

from clodputer.model.text.moment import iso
from clodputer.runner.intake.drops import intake
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.views.dashboard import Reader
from tests.cli import tmux
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    everything,
    execute,
    make_home,
    outcomes,
    start,
)

pytestmark = pytest.mark.slow

TALKS = """
import os, sys, time
print('reading \\x1b[2J files', flush=True)
while not os.path.exists(sys.argv[1]): time.sleep(0.02)
print('all read')
"""
PAST, WAITING = 10_000, 5_000


def log_past(home: Home, number: int) -> None:
    """So many runs of the last days, in the log."""
    now = time()
    with open(home.log, "a", encoding="utf-8") as log:
        for one in range(number):
            at = now - (number - one) * 60
            bad = one % 50 == 0
            event = {
                "timestamp": iso(at),
                "event": "finished",
                "task": "nightly",
                "request_id": f"{one:08x}",
                "run_id": runs.new_id(at - 30, f"{one:08x}"),
                "lane": "default",
                "outcome": "failed" if bad else "succeeded",
                "reason": "task_failed" if bad else "completed",
                "duration_seconds": 30.0,
                "cost_usd": 0.01,
            }
            log.write(json.dumps(event) + "\n")


def processes(home: Home) -> list[int]:
    """The processes of dashboards of this home."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "dashboard" in (process.info["cmdline"] or []):
            try:
                if process.environ().get("CLODPUTER_HOME") == home.root:
                    found.append(process.pid)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    return found


def test_three_sizes_of_a_large_home(tmp_path: Path) -> None:
    """10,000 past runs and 5,000 waiting: all panes are there, nothing is too wide, and a further look reads nothing."""
    tmux.require()
    home = make_home(tmp_path)
    command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '0 3 * * *'}\n")
    command_task(home, "日本語", "true")
    log_past(home, PAST)
    for number in range(WAITING):
        Path(home.new, f"n{number}.json").write_text('{"task": "nightly"}')
    context = look(environment(home))
    assert intake(context, time()).queued == WAITING
    before = everything(home)
    with tmux.Tmux(home, columns=80, lines=24) as terminal:
        terminal.type("clodputer dashboard")
        for columns, lines in ((80, 24), (120, 40), (200, 60)):
            terminal.call("resize-window", "-x", str(columns), "-y", str(lines))
            shown = _whole(terminal, columns, lines)
            text = "\n".join(shown)
            for words in ("Needs you", "Running", "Queue 5,000", "Coming", "Recent runs", "Log"):
                assert words in text, words
            assert "5,000 waiting" in shown[0]
            assert "q quit" in shown[-1]
            assert max(map(len, shown)) <= columns
        terminal.press("3")
        terminal.press("z")
        shown = terminal.wait_for("more")
        terminal.press("G")
        terminal.wait_for_pattern(r"^>\s+200 ")
        terminal.press("q")
        terminal.prompt()
    assert everything(home) == before
    assert not processes(home)
    reader = Reader(environment(home))
    first = reader.look(time())
    again = reader.look(time())
    assert again.queue is first.queue  # nothing has changed, and nothing was read
    assert again.log is first.log
    reader.close()


def _whole(terminal: tmux.Tmux, columns: int, lines: int) -> list[str]:
    """The screen, once it is drawn in this size."""

    def shown() -> list[str]:
        found = terminal.screen()
        return found if len(found) == lines and len(found[1]) == columns and "━" in found[1] else []

    return until(shown, message="it is never drawn")


def test_keys_and_what_they_do(tmp_path: Path) -> None:
    """Approve, deny, cancel, pause, resume, retry and run, each seen on disk; a run is followed as it happens."""
    tmux.require()
    home = make_home(tmp_path)
    go = tmp_path / "go"
    command_task(home, "asks", "true", more="approve: before\n")
    command_task(home, "fails", "false")
    command_task(home, "long", sys.executable, "-c", TALKS, str(go))
    for name in ("fails", "asks-1.json", "asks-2.json"):
        text = "" if name == "fails" else json.dumps({"task": "asks", "id": f"{name[:6]}000"})
        drop(home, name, text)
    execute(home)
    drop(home, "long")
    going = start(home, "exec")
    try:
        with tmux.Tmux(home, columns=100, lines=30) as terminal:
            terminal.type("clodputer dashboard")
            shown = terminal.wait_for("reading")
            assert any("reading \\x1b[2J files" in line for line in shown)
            drop(home, "waits.json", '{"task": "fails", "id": "wait0001"}')

            # What asks stands first; of several an inbox, so the queue has each.
            terminal.press("3")
            terminal.wait_for_pattern(r"^> .*asks.*asks-1")
            terminal.press("a")
            terminal.wait_for("approved")
            until(lambda: not _waits(home, "asks-1"), message="it is never approved")
            terminal.press("G")
            terminal.wait_for_pattern(r"^> .*asks-2")
            terminal.press("d")
            terminal.wait_for("Deny asks asks-2")
            terminal.press("n")
            terminal.wait_for("Nothing was done")
            assert _waits(home, "asks-2")
            terminal.press("d")
            terminal.press("y")
            until(lambda: os.listdir(home.closed), message="it is never denied")

            # The run that is going on: followed, its task paused and resumed, and cancelled.
            terminal.press("2")
            terminal.press("G")
            terminal.wait_for_pattern(r"^> +long ")
            terminal.press("p")
            until(lambda: os.listdir(home.holds), message="it is never paused")
            terminal.wait_for("long is on hold")
            terminal.wait_for("p resume")
            terminal.press("p")
            until(lambda: not _held(home), message="it is never resumed")
            terminal.wait_for("p pause")
            terminal.press("f")
            terminal.wait_for("live")
            terminal.wait_for_pattern(r"prints +reading \\x1b\[2J files")
            until(lambda: len(processes(home)) == 2, message="not one follows")
            terminal.press("q")
            terminal.wait_for("Recent runs")
            until(lambda: len(processes(home)) == 1, message="who follows stays when nobody looks")
            terminal.press("c")
            terminal.wait_for("Cancel long")
            terminal.press("y")
            until(lambda: outcomes(home, "long") == ["cancelled"], message="it is never cancelled")
            going.communicate(timeout=100)

            # What has run: opened, and run again.
            terminal.press("5")
            terminal.press("G")
            terminal.wait_for_pattern(r"^> +fails ")
            terminal.press("Enter")
            terminal.wait_for("record.json")
            terminal.press("q")
            terminal.wait_for("Recent runs")
            terminal.press("r")
            terminal.wait_for("dropped again")
            terminal.press("x")
            until(lambda: len(outcomes(home, "fails")) == 3, message="it is never run again")

            # A task run now, and the end.
            go.touch()
            terminal.press("n")
            terminal.wait_for("Run a task now")
            terminal.call("send-keys", "-l", "lon")
            terminal.wait_for_pattern("search: lon")
            terminal.press("Enter")
            until(lambda: outcomes(home, "long") == ["cancelled", "succeeded"], message="it is never run")
            terminal.press("C-c")
            terminal.prompt()
            terminal.type("echo status $?")
            assert terminal.wait_for("status 130")
    finally:
        go.touch()
        going.kill()
        going.communicate()
    until(lambda: not processes(home), message="somebody stays")


def _waits(home: Home, part: str) -> bool:
    return any(part in name for name in os.listdir(f"{home.lanes}/default/delayed"))


def _held(home: Home) -> bool:
    return any(name.endswith(".json") for name in os.listdir(home.holds))


def test_a_home_that_comes_to_harm_and_a_terminal_given_back(tmp_path: Path) -> None:
    """A problem is shown and no traceback, without colour too; SIGTERM and Ctrl-Z give the terminal back."""
    tmux.require()
    home = make_home(tmp_path)
    with tmux.Tmux(home, columns=80, lines=24) as terminal:
        terminal.type("NO_COLOR=1 clodputer dashboard")
        shown = terminal.wait_for("No task has a slot time.")
        assert any(line.startswith("━━ ") for line in shown)
        assert "\x1b" not in terminal.call("capture-pane", "-p", "-e")
        queue = Path(home.lanes, "default", "queue", "3")
        queue.rmdir()
        queue.write_text("no folder")
        Path(home.config).write_text("lanes: [\n")
        terminal.press("Tab")
        shown = terminal.wait_for_pattern(r"^[> ] !")
        assert not any("Traceback" in line for line in shown)
        terminal.press("C-z")
        terminal.wait_for("$ ")
        terminal.type("fg")
        terminal.wait_for("q quit")
        (pid,) = processes(home)
        psutil.Process(pid).terminate()
        until(lambda: not processes(home), message="it does not end")
        terminal.type("clear; echo status $?; stty -a | tr ' ' '\\n' | grep -E '^-?(echo|icanon);?$'")
        shown = terminal.prompt()
        assert "icanon" in shown
        assert "echo" in shown
        terminal.type("clear; clodputer dashboard")
        terminal.wait_for("q quit")
    # The terminal is closed, and with it all of it.
    until(lambda: not processes(home), message="it outlives its terminal")


def test_without_a_terminal(tmp_path: Path) -> None:
    """A sentence and exit code 2; with --json the same facts."""
    home = make_home(tmp_path)
    _, stderr = clodputer(home, "dashboard", status=2)
    assert "the dashboard needs a terminal" in stderr
    assert "clodputer status" in stderr
    stdout, _ = clodputer(home, "dashboard", "--json")
    data = json.loads(stdout)["data"]
    assert data["status"]["running"] == data["live"] == []
    assert data["problem"] is None
