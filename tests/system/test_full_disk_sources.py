"""A disk that is full while an event, a plugin's state or the position in a log is written: nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store import look
from clodputer.store.home import Home
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from tests.disks import ask_for_no_room, fill, mounted
from tests.runner.plugging import plugin
from tests.workshop import command_task, drop, execute, make_home, outcomes, run

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tmpfs is Linux's")

# Pages that are left: the disk is full at one step, then at another.
LEFT = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20)
COUNTING = """\
read asked
n=$(printf %s "$asked" | sed -n 's/.*"n": *\\([0-9]*\\).*/\\1/p')
n=$((${n:-0} + 1))
event="{\\"type\\": \\"found\\", \\"payload\\": {\\"count\\": $n}}"
echo "{\\"status\\": \\"ok\\", \\"state_updates\\": {\\"n\\": $n}, \\"events\\": [$event]}"
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Home]:
    """A home on a disk of two megabytes, with a task for what is found."""
    with mounted(tmp_path / "disk", "size=2m") as place:
        home = make_home(place)
        ask_for_no_room(home)
        command_task(home, "repair", "/bin/true")
        execute(home)
        yield home


def with_full_disk(home: Home, left: int, *arguments: str) -> None:
    """A command while so many pages are left; it succeeds, or it says what is wrong. Afterwards there is room again."""
    ballast = fill(Path(home.root).parent, left)
    ended = run(home, *arguments)
    ballast.unlink()
    assert ended.status == 0 or ended.stderr.strip() or ended.stdout.strip(), left


def routes(home: Home, sender: str, kind: str) -> None:
    text = Path(home.config).read_text()
    Path(home.config).write_text(f"{text}routes: [{{from: {sender}, type: {kind}, to: repair}}]\n")


def test_events(small: Home) -> None:
    routes(small, "ci", "x")
    for number, left in enumerate(LEFT, 1):
        drop(small, f"e{number}.event.json", json.dumps({"from": "ci", "type": "x"}))
        with_full_disk(small, left, "exec")
        execute(small)
        assert outcomes(small, "repair") == ["succeeded"] * number, left
        assert os.listdir(small.new) == []


def test_the_state_of_a_plugin(small: Home) -> None:
    """An event and the state that says that it was brought come together or not at all."""
    plugin(small, "watcher", COUNTING, commands=["poll"], schedule={"every": "6h"})
    routes(small, "watcher", "found")
    for left in LEFT:
        with_full_disk(small, left, "plugin", "run", "watcher")
        execute(small)
        kept = state.read(small, plugins.state_name("watcher")).value or {}
        assert len(outcomes(small, "repair")) == kept.get("n", 0), left
    run(small, "plugin", "run", "watcher")
    execute(small)
    count = state.read(small, plugins.state_name("watcher")).value["n"]
    brought = [
        json.loads(path.read_text())["context"]["event"]["payload"]["count"]
        for path in sorted(Path(small.runs, "repair").glob("*/request.json"))
    ]
    assert sorted(brought) == list(range(1, count + 1))


def test_the_position_in_a_log(small: Home, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("fine\n")
    trigger = json.dumps({"type": "error_log", "paths": [str(log)], "rules": ["new"], "at_most": 10})
    command_task(small, "look", "/bin/true", more=f"trigger: {trigger}\n")
    execute(small)
    for number, left in enumerate(LEFT, 1):
        with log.open("a") as file:
            file.write(f"ERROR no {'abcdefghijklmno'[number]} here\nfine\n")
        old = time.time() - 60
        os.utime(log, (old, old))  # nobody is in the middle of writing it
        look.forget(small, "look.yaml")
        with_full_disk(small, left, "exec")
        look.forget(small, "look.yaml")
        execute(small)
        assert outcomes(small, "look") == ["succeeded"] * number, left
