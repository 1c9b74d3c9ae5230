"""The log files of launchd's jobs stay below a bound, while jobs append to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.runner.processes.stop import Stop
from clodputer.runner.upkeep import prune
from clodputer.store.context import look
from clodputer.store.log import joblogs
from tests.workshop import environment, events, make_home

LINE = b"2026-11-21 somebody printed this line, and many others like it, for a year\n"


@pytest.fixture
def account(tmp_path: Path) -> Path:
    Path(joblogs.folder(str(tmp_path))).mkdir(parents=True)
    return tmp_path


def log(account: Path, name: str, size: int) -> Path:
    path = Path(joblogs.folder(str(account)), name)
    path.write_bytes(b"the first line\n" + LINE * (size // len(LINE)) + b"the last line\n")
    return path


def test_a_large_one_keeps_its_end(account: Path) -> None:
    """From the beginning of a line; one that is at work goes on at the new end, and another job's file is left."""
    large = log(account, "org.clodputer.nightly.log", joblogs.LARGEST)
    small = log(account, "org.clodputer.sweep.log", 1000)
    before = large.stat().st_size
    working = os.open(large, os.O_WRONLY | os.O_APPEND)
    try:
        assert joblogs.excess(str(account)) == before - joblogs.KEPT
        gone = joblogs.shorten(str(account))
        os.write(working, b"and on it goes\n")
    finally:
        os.close(working)
    text = large.read_bytes()
    assert before - gone + len(b"and on it goes\n") == len(text) <= joblogs.KEPT + 100
    assert text.startswith(LINE)
    assert text.endswith(b"the last line\nand on it goes\n")
    assert small.read_bytes().startswith(b"the first line\n")
    assert joblogs.shorten(str(account)) == joblogs.excess(str(account)) == 0


def test_what_is_no_log_of_ours_is_left(account: Path, tmp_path: Path) -> None:
    """A link leads elsewhere, and who put another file there wants it."""
    other = tmp_path / "other.txt"
    other.write_bytes(LINE * (joblogs.LARGEST // len(LINE) + 1))
    size = other.stat().st_size
    Path(joblogs.folder(str(account)), "link.log").symlink_to(other)
    note = log(account, "notes.txt", joblogs.LARGEST)
    assert joblogs.shorten(str(account)) == 0
    assert other.stat().st_size == size
    assert note.stat().st_size > joblogs.LARGEST
    assert joblogs.shorten(str(tmp_path / "nobody")) == 0


def test_it_is_a_chore_of_exec(account: Path, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    path = log(account, "org.clodputer.nightly.log", joblogs.LARGEST)
    context = look(environment(home, {"HOME": str(account)}))
    planned = prune.plan(context, 4_000_000_000.0).to_json()["scheduler_logs_bytes"]
    with Stop() as stop:
        prune.prune(context, 4_000_000_000.0, stop)
    assert path.stat().st_size <= joblogs.KEPT
    assert 0 <= events(home, "pruned")[0]["scheduler_logs_bytes"] - planned < len(LINE)
