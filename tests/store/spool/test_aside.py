"""What is set aside and why: names of every length, races for one name, kills, and damaged ones."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason

FORK = multiprocessing.get_context("fork")


def reason_for(name: str) -> Reason:
    """A reason with every field."""
    return Reason("task_unknown", "There is no task 'x'.", "abcd1234", "x", name, 1_800_000_000.0, "efgh5678")


@pytest.mark.parametrize(
    "name",
    [
        "a.json",
        ".hidden.json",
        "n" * 255,
        "ü" * 127,
        "a.reason.json",
        "a.reason.txt",
        "7.a",
        "a\nb",
        os.fsdecode(b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "abcd1234."])
def test_it_is_read_as_it_was_written(home: Home, name: str, prefix: str) -> None:
    """Whatever the name was, the file is kept, no name is too long, and the reason knows the whole name."""
    path = f"{home.new}/{name}"
    Path(path).write_text("content")
    kept = aside.set_aside(path, home.dead, prefix, reason_for(name))
    [found] = aside.names(home.dead)
    assert f"{home.dead}/{found}" == kept
    assert Path(kept).read_text() == "content"
    assert aside.read(home.dead, found) == reason_for(name)
    if prefix:
        assert aside.id_of(found) == "abcd1234"


def test_the_file_is_plain_json(home: Home) -> None:
    """The fields are those that docs/spool.md names; what nothing tells is null."""
    Path(home.new, "a").touch()
    kept = aside.set_aside(
        f"{home.new}/a", home.rejected, "", Reason("unreadable", "No.", dropped_as="a", at=0.0)
    )
    assert json.loads(Path(kept + ".reason.json").read_text()) == {
        "code": "unreadable",
        "message": "No.",
        "request_id": None,
        "task": None,
        "dropped_as": "a",
        "at": "1970-01-01T00:00:00.000Z",
        "retried_as": None,
        "item": None,
        "lane": None,
        "attempts": [],
        "dismissed_at": None,
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": 5}', '{"at": "never", "code": "x"}'])
def test_a_damaged_reason(home: Home, text: str) -> None:
    """It tells nothing, and the name still does."""
    Path(home.dead, "abcd1234.a.json").touch()
    Path(home.dead, "abcd1234.a.json.reason.json").write_text(text)
    assert aside.read(home.dead, "abcd1234.a.json") == Reason("", "", "abcd1234", "", "a.json")


def set_aside_all(home: Home, who: int, count: int) -> None:
    """Set many files of one name aside."""
    for number in range(count):
        path = f"{home.tmp}/{who}-{number}"
        Path(path).write_text(path)
        aside.set_aside(path, home.closed, "abcd1234.", Reason("cancelled", path, dropped_as="same.json"))


def test_many_at_once_under_one_name(home: Home) -> None:
    """None is moved over another, and each reason is that of its file."""
    processes = [FORK.Process(target=set_aside_all, args=(home, who, 12)) for who in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
    assert [process.exitcode for process in processes] == [0] * 6
    found = aside.names(home.closed)
    assert len(found) == 72
    for name in found:
        assert aside.read(home.closed, name).message == Path(home.closed, name).read_text()


def test_somebody_was_quicker(home: Home) -> None:
    """A file that is gone leaves no reason behind."""
    with pytest.raises(FileNotFoundError):
        aside.set_aside(f"{home.new}/gone", home.dead, "", Reason("x", "y", dropped_as="gone"))
    assert os.listdir(home.dead) == []


def test_hidden_files_that_nobody_dropped_are_not_counted(home: Home) -> None:
    """What a desktop leaves behind, and a reason that is just being written."""
    for name in (".DS_Store", ".a.json.reason.json.1234", "..a.json.reason.json.1234.new.1234"):
        Path(home.rejected, name).touch()
    assert aside.names(home.rejected) == []
