"""What is known of a watched folder: read back as written, and refused when it is damaged."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.triggers.watch import Entry, Version
from clodputer.triggers.file_watch import snapshot
from clodputer.triggers.file_watch.snapshot import Snapshot
from tests.examples import examples

NUMBERS = st.integers(-(2**63), 2**64)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
MOMENTS = st.floats(0, 1e10)
GONE = st.none() | MOMENTS
# Settled or not. Each field has a strategy, as hypothesis fills the others with whatever their type allows, such as NaN.
ENTRIES = st.builds(Entry, VERSIONS, st.none(), st.just(False), GONE) | st.builds(
    Entry, VERSIONS, MOMENTS, st.booleans(), GONE
)
NAMES = st.binary(min_size=1, max_size=12).map(os.fsdecode)


@settings(max_examples=examples(50), deadline=None)
@given(
    entries=st.none() | st.dictionaries(NAMES, ENTRIES, max_size=5),
    root=st.tuples(NUMBERS, NUMBERS),
    echoes=st.integers(0, 99),
)
def test_read_back_as_written(entries: dict[str, Entry], root: tuple[int, int], echoes: int) -> None:
    """Any names, numbers and states."""
    written = Snapshot(entries, root, "trouble \udce9", echoes)
    assert snapshot.from_json(json.loads(json.dumps(snapshot.to_json(written)))) == written


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"format": 2}',
        '{"format": 1, "entries": {"a": [1]}}',
        '{"format": 1, "entries": {"a": [1, 2, 3, "x"]}, "root": [1, 2], "trouble": "", "echoes": 0}',
        '{"format": 1, "entries": [], "root": [1, 2], "trouble": "", "echoes": 0}',
        '{"format": 1, "entries": {}, "root": [1], "trouble": "", "echoes": 0}',
    ],
)
def test_a_damaged_one_is_none(text: str) -> None:
    assert snapshot.from_json(json.loads(text)) is None


def test_marks_differ() -> None:
    """By folder and by pattern."""
    marks = {snapshot.mark(path, [pattern]) for path in ("/a", "/b", "/a/b") for pattern in ("*", "b", "**")}
    assert len(marks) == 9
