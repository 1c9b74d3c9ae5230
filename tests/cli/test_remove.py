"""remove: a task is taken away, and its file is kept where it can be brought back from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli import changing
from tests.cli.changing import FILE, in_json, text
from tests.cli.terminal import Terminal
from tests.workshop import (
    clodputer,
    drop,
    everything,
    execute,
    write_task,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return changing.make(tmp_path)


def test_removed_and_brought_back(home: Home) -> None:
    """The file is kept, what waits is told, and moving it back is all there is to it."""
    drop(home, "one.json", json.dumps({"task": "mine", "id": "held-0001", "not_before": "+1h"}))
    execute(home)
    found = in_json(home, "remove", "mine", status=1)
    assert found["errors"][0]["code"] == "not_agreed"
    (row,) = in_json(home, "remove", "mine", "--yes")["data"]["tasks"]
    assert (row["waiting"], row["running"]) == (["held-0001"], [])
    assert not os.path.exists(row["path"])
    assert Path(row["kept"]).read_text() == FILE
    assert row["kept"].startswith(f"{home.tasks}/removed/20")
    assert json.loads(clodputer(home, "list", "--json")[0])["data"]["tasks"] == []
    execute(home)
    assert in_json(home, "remove", "mine", "--yes", status=1)["errors"][0]["code"] == "task_unknown"
    os.rename(row["kept"], row["path"])
    clodputer(home, "validate", "mine")
    assert len(everything(home)["default/delayed"]) == 1


def test_a_broken_file_can_be_removed(home: Home) -> None:
    write_task(home, "broken", "prompt: [\n")
    clodputer(home, "remove", "broken", "--yes")
    clodputer(home, "validate")


def test_remove_asks(home: Home) -> None:
    """In a terminal: with what waits for the task; no is taken for an answer."""
    drop(home, "one.json", json.dumps({"task": "mine", "not_before": "+1h"}))
    execute(home)
    with Terminal(home, "remove", "mine") as terminal:
        terminal.wait_for("Remove mine (1 request waits or runs for it)?")
        terminal.type("n\n")
        assert terminal.end() == 1
    assert text(home) == FILE
    with Terminal(home, "remove", "mine", columns=200) as terminal:
        terminal.wait_for("Remove mine")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "to bring it back: mv " in terminal.plain
    assert "clodputer cancel --all-of mine" in terminal.plain
