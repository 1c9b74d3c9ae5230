"""Snapshots: read back as written, committed with their requests, handed over once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.watch import Entry, Version
from clodputer.store import snapshot
from clodputer.store.home import Home
from clodputer.store.snapshot import Snapshot
from tests.examples import examples
from tests.workshop import make_home

MARK = snapshot.fingerprint("/in", "*")
NUMBERS = st.integers(-(2**63), 2**64)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
ENTRIES = VERSIONS.map(Entry) | st.builds(Entry, VERSIONS, st.floats(0, 1e10), st.booleans())
NAMES = st.binary(min_size=1, max_size=12).map(os.fsdecode)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a place for the snapshots of a task."""
    made = make_home(tmp_path)
    os.makedirs(snapshot.folder(made, "work"))
    return made


@pytest.fixture
def place(home: Home) -> str:
    """That place."""
    return snapshot.folder(home, "work")


@settings(max_examples=examples(50), deadline=None)
@given(
    entries=st.none() | st.dictionaries(NAMES, ENTRIES, max_size=5),
    root=st.tuples(NUMBERS, NUMBERS),
    echoes=st.integers(0, 99),
)
def test_read_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Entry], root: tuple[int, int], echoes: int
) -> None:
    """Any names, numbers and states."""
    place = str(tmp_path_factory.mktemp("place"))
    written = Snapshot(entries, root, "trouble \udce9", echoes)
    snapshot.write(place, MARK, written, ())
    assert snapshot.read(place, MARK) == written


def test_committed_with_its_requests(home: Home, place: str) -> None:
    """The requests lie beside the snapshot until they are handed over; then one generation is left, without them."""
    snapshot.write(place, MARK, Snapshot({}), ())
    snapshot.write(
        place, MARK, Snapshot({}, echoes=1), [("a.json", {"task": "work"}), ("b.json", {"task": "work"})]
    )
    assert snapshot.read(place, MARK) == Snapshot({}, echoes=1)
    assert os.listdir(home.new) == []
    snapshot.deliver(home, place)
    assert sorted(os.listdir(home.new)) == ["a.json", "b.json"]
    assert json.loads(Path(home.new, "a.json").read_text()) == {"task": "work"}
    assert os.stat(f"{home.new}/a.json").st_mode & 0o777 == 0o600
    assert os.listdir(place) == [f"{MARK}.2"]
    assert os.listdir(f"{place}/{MARK}.2") == [snapshot.FILE]
    os.unlink(f"{home.new}/a.json")
    snapshot.deliver(home, place)
    assert sorted(os.listdir(home.new)) == ["b.json"]


def test_an_unfinished_draft_is_nothing(home: Home, place: str) -> None:
    """What a killed writer left behind is neither handed over nor in the way."""
    os.mkdir(f"{place}/{snapshot.DRAFT}")
    Path(place, snapshot.DRAFT, "a.json").write_text("{")
    snapshot.deliver(home, place)
    assert (snapshot.read(place, MARK), os.listdir(home.new)) == (None, [])
    snapshot.write(place, MARK, Snapshot({}), [("b.json", {})])
    snapshot.deliver(home, place)
    assert os.listdir(home.new) == ["b.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "entries": {"a": [1]}}',
        '{"format": 1, "entries": {"a": [1, 2, 3, "x"]}, "root": [1, 2], "trouble": "", "echoes": 0}',
        '{"format": 1, "entries": [], "root": [1, 2], "trouble": "", "echoes": 0}',
        '{"format": 1, "entries": {}, "root": [1], "trouble": "", "echoes": 0}',
    ],
)
def test_a_damaged_one_is_none(place: str, text: str) -> None:
    """And still counts as a state that there was."""
    snapshot.write(place, MARK, Snapshot({}), ())
    Path(place, f"{MARK}.1", snapshot.FILE).write_text(text)
    assert snapshot.read(place, MARK) is None
    assert MARK in snapshot.generations(place)


def test_fingerprints_differ() -> None:
    """By folder and by pattern."""
    marks = {
        snapshot.fingerprint(path, pattern) for path in ("/a", "/b", "/a/b") for pattern in ("*", "b", "**")
    }
    assert len(marks) == 9


def test_forgotten(place: str) -> None:
    """The state of a trigger that is no more."""
    snapshot.write(place, MARK, Snapshot({}), ())
    snapshot.forget(place, [MARK])
    assert snapshot.generations(place) == {}
