"""What looking triggers remember: committed with its requests, handed over once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.triggers import memory
from tests.workshop import make_home

MARK = "0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a place for what the triggers of a task remember."""
    made = make_home(tmp_path)
    os.makedirs(memory.folder(made, "work"))
    return made


@pytest.fixture
def place(home: Home) -> str:
    """That place."""
    return memory.folder(home, "work")


def test_committed_with_its_requests(home: Home, place: str) -> None:
    """The requests lie beside the snapshot until they are handed over; then one generation is left, without them."""
    memory.write(place, MARK, {"entries": {}})
    memory.write(place, MARK, {"echoes": 1}, [("a.json", {"task": "work"}), ("b.json", {"task": "work"})])
    assert memory.read(place, MARK) == {"echoes": 1}
    assert os.listdir(home.new) == []
    memory.deliver(home, place)
    assert sorted(os.listdir(home.new)) == ["a.json", "b.json"]
    assert json.loads(Path(home.new, "a.json").read_text()) == {"task": "work"}
    assert os.stat(f"{home.new}/a.json").st_mode & 0o777 == 0o600
    assert os.listdir(place) == [f"{MARK}.2"]
    assert os.listdir(f"{place}/{MARK}.2") == [memory.FILE]
    os.unlink(f"{home.new}/a.json")
    memory.deliver(home, place)
    assert sorted(os.listdir(home.new)) == ["b.json"]


def test_an_unfinished_draft_is_nothing(home: Home, place: str) -> None:
    """What a killed writer left behind is neither handed over nor in the way."""
    os.mkdir(f"{place}/{memory.DRAFT}")
    Path(place, memory.DRAFT, "a.json").write_text("{")
    memory.deliver(home, place)
    assert (memory.read(place, MARK), os.listdir(home.new)) == (None, [])
    memory.write(place, MARK, {}, [("b.json", {})])
    memory.deliver(home, place)
    assert os.listdir(home.new) == ["b.json"]


def test_forgotten(place: str) -> None:
    """The state of a trigger that is no more."""
    memory.write(place, MARK, {"entries": {}})
    memory.forget(place, [MARK])
    assert memory.generations(place) == {}


def test_a_damaged_one_is_none(place: str) -> None:
    """And still counts as something that there was."""
    memory.write(place, MARK, {"entries": {}})
    Path(place, f"{MARK}.1", memory.FILE).write_text("{")
    assert memory.read(place, MARK) is None
    assert MARK in memory.generations(place)
