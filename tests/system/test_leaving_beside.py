"""Exec told to stop or killed while it pushes, delivers a letter or makes the report: each comes once, and nothing runs on."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from time import time

import psutil
import pytest

from clodputer.store.home import Home
from clodputer.store.outgoing import outbox, parcels
from tests.listener import answering, listening
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, intend, script, staged
from tests.wait import until
from tests.workshop import command_task, drop, environment, execute, make_home, outcomes, program, start

ENDS = (signal.SIGTERM, signal.SIGKILL)
# A server that takes its time with what is pushed to it.
SLOW = "#!/bin/sh\ntouch {folder}/there\nuntil [ -e {folder}/go ]; do sleep 0.1; done\n"
# Python itself reads this at its start. The report stops where its file is whole, and has not its name yet.
HELD = """\
import os, sys, time

def hook(event, arguments):
    if event == "os.rename" and str(arguments[1]).endswith("/report.html") and not os.path.exists({go!r}):
        open({there!r}, "w").close()
        while not os.path.exists({go!r}):
            time.sleep(0.1)

if "report" in sys.orig_argv:
    sys.addaudithook(hook)
"""


def at_work(home: Home) -> list[list[str]]:
    """The command lines of what runs for a home, but for what answers at the other end of a push."""
    found = []
    for process in psutil.process_iter():
        try:
            line, environ = process.cmdline(), process.environ()
        except psutil.Error:
            continue
        there = any("receive-pack" in word or "pre-receive" in word for word in line) or line[:1] == ["sleep"]
        if environ.get("CLODPUTER_HOME") == home.root and line and not there:
            found.append(line)
    return found


@pytest.mark.parametrize("number", ENDS)
def test_a_push(tmp_path: Path, number: signal.Signals) -> None:
    """The server has it all and has not answered: afterwards there is one branch, one pull request, one comment."""
    with staged(tmp_path) as stage:
        program(stage.remote / "hooks", "pre-receive", SLOW.format(folder=tmp_path))
        stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)))
        drop(stage.home, "one.json", '{"task": "fix", "item": "issue 1"}')
        process = start(stage.home, "exec")
        until((tmp_path / "there").exists, 100)
        process.send_signal(number)
        process.communicate(timeout=100)
        until(lambda: at_work(stage.home) == [], 100)
        assert len(list(parcels.everything(stage.home))) == 1
        assert outcomes(stage.home, "fix") == ["succeeded"]
        (tmp_path / "go").touch()
        for _ in range(2):
            stage.hurry()
            execute(stage.home)
        assert stage.branches() == ["clodputer/fix/1", "main"]
        assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
        assert list(parcels.everything(stage.home)) == []
        assert outcomes(stage.home, "fix") == ["succeeded"]


@pytest.mark.parametrize("number", ENDS)
def test_a_letter(tmp_path: Path, number: signal.Signals) -> None:
    """Nobody knows whether it arrived: it is sent once more, under the same id, and then never again."""
    home = make_home(tmp_path)
    with listening() as server:
        server.answer = server.hang
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}/x'}}}}\n")
        command_task(home, "bad", "/bin/false")
        drop(home, "bad")
        process = start(home, "exec")
        until(lambda: server.got, 100)
        process.send_signal(number)
        process.communicate(timeout=100)
        until(lambda: at_work(home) == [], 100)
        first = json.loads(server.got[0].body)["id"]
        server.answer = answering(200)
        for _ in range(2):
            for name, letter in [*outbox.waiting(home)]:  # told to stop, exec waits, and the first try fails
                outbox.postpone(home, name, letter._replace(due=time() - 1))
            execute(home)
        after = [json.loads(got.body)["id"] for got in server.got[1:]]
        assert after.count(first) == 1
        assert len(after) == len(set(after))
    assert outbox.names(home) == []
    assert outcomes(home, "bad") == ["failed"]


@pytest.mark.parametrize("number", ENDS)
def test_the_report(tmp_path: Path, number: signal.Signals) -> None:
    """The one that was there stays whole; the next one is written, and takes away what the killed one has left."""
    home, path = make_home(tmp_path), tmp_path / "page" / "report.html"
    path.parent.mkdir()
    path.write_text("<!doctype html>an earlier one")
    Path(home.config).write_text(f"report: {{file: {path}, every: 15m}}\n")
    (tmp_path / "python").mkdir()
    held = HELD.format(there=str(tmp_path / "there"), go=str(tmp_path / "go"))
    (tmp_path / "python" / "sitecustomize.py").write_text(held)
    found = f"{tmp_path}/python:{environment(home)['PYTHONPATH']}"
    process = start(home, "exec", extra={"PYTHONPATH": found})
    until((tmp_path / "there").exists, 100)
    process.send_signal(number)
    process.communicate(timeout=100)
    until(lambda: at_work(home) == [], 100)
    assert path.read_text() == "<!doctype html>an earlier one"
    (left,) = [name for name in os.listdir(path.parent) if name != path.name]
    assert left.startswith(".report.html.")
    for mark in Path(home.ledger, "report").glob("*.next"):
        mark.unlink()
    execute(home)
    assert "an earlier one" not in path.read_text()
    assert os.listdir(path.parent) == [path.name]
