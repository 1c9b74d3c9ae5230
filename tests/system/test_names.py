"""Names of tasks that lead elsewhere; those of files are in tests/hostile/drops.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, drop, events, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a task that takes a millisecond."""
    made = make_home(tmp_path)
    command_task(made, "blink", "/bin/true")
    return made


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "..", ".", "", "a\0b", "a\nb", "-x", "x" * 65, "ünïcode", "a b"]
)
def test_task_names_that_lead_elsewhere(home: Home, tmp_path: Path, name: str) -> None:
    """In a request, and at the command line where such a word can be said at all."""
    Path(tmp_path, "passwd.yaml").write_text("agent: command\ncommand: [/bin/true]\n")
    drop(home, "request.json", json.dumps({"task": name}))
    clodputer(home, "exec")
    assert os.listdir(home.runs) == []
    (rejected,) = events(home, "rejected")
    assert rejected["file"] == "request.json"
    if "\0" not in name:
        for command in ("run", "show"):
            stdout, stderr = clodputer(home, command, "--", name, status=1)
            assert "Traceback" not in stdout + stderr
            assert "fault in Clodputer" not in stdout + stderr
