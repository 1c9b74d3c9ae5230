"""The version of what is on disk: written by init, and a home that has a newer one is left alone by every command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.store import home as homes
from clodputer.store.home import FORMAT, Home
from tests.workshop import clodputer, command_task, drop, everything, execute, make_home, start

# A call of each command that looks into the home or changes it.
CALLS = (
    ("cancel", "x"),
    ("config",),
    ("config", "set", "timeout", "5m"),
    ("edit", "work"),
    ("exec",),
    ("exec", "--task", "work"),
    ("init", "--yes"),
    ("install", "--dry-run"),
    ("install",),
    ("list",),
    ("logs",),
    ("new", "other"),
    ("next",),
    ("prune",),
    ("queue",),
    ("retry", "x"),
    ("run", "work"),
    ("show", "work"),
    ("stats",),
    ("status",),
    ("status", "--schedulers"),
    ("uninstall",),
    ("validate",),
    ("why", "work"),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "work", "/bin/true")
    return made


def content(home: Home) -> dict[str, tuple[int, int]]:
    """Every file and folder, with when it was changed and its size."""
    found = {}
    for folder, _, names in os.walk(home.root):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            status = os.lstat(path)
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def set_format(home: Home, text: str) -> None:
    Path(home.format).write_text(text)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_newer_home_is_refused_by_every_command(home: Home, call: tuple[str, ...]) -> None:
    """In one sentence, with what to do; nothing is touched, and the request stays."""
    drop(home, "work")
    set_format(home, f"{FORMAT + 1}\n")
    before = content(home)
    _, stderr = clodputer(home, *call, status=1)
    assert f"has format {FORMAT + 1}" in stderr
    assert "CLODPUTER_HOME" in stderr
    assert content(home) == before
    assert everything(home) == {"new": ["work"]}


def test_the_doctor_says_it_and_looks_no_further(home: Home) -> None:
    set_format(home, f"{FORMAT + 1}\n")
    before = content(home)
    process = start(home, "doctor")
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 4
    assert f"has format {FORMAT + 1}" in " ".join(stdout.split())
    assert content(home) == before


@pytest.mark.parametrize("text", ["", "0\n", "x", "\x00\xff", "1 more words\n", f"{FORMAT}"])
def test_an_older_or_damaged_one_is_accepted(home: Home, text: str) -> None:
    Path(home.format).write_bytes(text.encode("latin-1"))
    drop(home, "work")
    assert len(execute(home)["runs"]) == 1


def test_a_missing_one_is_accepted_and_written_by_init(home: Home) -> None:
    os.unlink(home.format)
    drop(home, "work")
    assert len(execute(home)["runs"]) == 1
    assert not os.path.exists(home.format)
    clodputer(home, "init", "--yes")
    assert Path(home.format).read_text() == f"{FORMAT}\n"


def test_a_pipe_in_its_place_holds_nobody_up(home: Home) -> None:
    os.unlink(home.format)
    os.mkfifo(home.format)
    assert homes.format_of(home) == 0
    drop(home, "work")
    assert len(execute(home)["runs"]) == 1
