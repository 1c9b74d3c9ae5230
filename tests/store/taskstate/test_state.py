"""The state on disk: versions, of which one writer makes each; kept whole at a kill; twenty writers at once lose nothing."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.state import VERSIONS, merged
from clodputer.store.home import Home
from clodputer.store.taskstate import state
from clodputer.store.taskstate.state import Kept
from tests.killing import killed_at
from tests.workshop import make_home

NOW = 1_800_000_000.0


def with_key(key: str, number: int, kept: Kept) -> dict[str, Any]:
    """The value of a version with one key more."""
    return merged(kept.value, {key: number})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def test_versions(home: Home) -> None:
    """Each from the one before; the last ten are kept; a stale writer is turned away, however old its version is."""
    assert state.read(home, "t") == Kept()
    for number in range(25):
        kept = state.write(home, "t", number, {"n": number}, f"run-{number}", NOW)
        assert kept is not None
        assert state.read(home, "t") == kept
    assert [one.version for one in state.history(home, "t")] == list(range(25, 15, -1))
    assert len(os.listdir(f"{home.state}/t")) == VERSIONS
    for base in (0, 3, 20, 24, 26):
        assert state.write(home, "t", base, {}, "late", NOW) is None
    assert state.read(home, "t").value == {"n": 24}
    found = state.written_by(home, "t", "run-20")
    assert found is not None
    assert found.version == 21
    assert state.written_by(home, "t", "run-1") is None


def test_a_damaged_version_is_told_and_can_be_left(home: Home) -> None:
    state.write(home, "t", 0, {"n": 1}, "a", NOW)
    state.write(home, "t", 1, {"n": 2}, "b", NOW)
    path = Path(home.state, "t", "00000002.json")
    path.write_text("{")
    with pytest.raises(ClodputerError) as raised:
        state.read(home, "t")
    assert str(path) in raised.value.message
    assert [one.version for one in state.history(home, "t")] == [1]
    path.unlink()
    assert state.read(home, "t").value == {"n": 1}


def test_twenty_writers_at_once(home: Home) -> None:
    """Each adds keys of its own, again and again; no update of any is lost, and every version was made once."""
    children = []
    for writer in range(20):
        child = os.fork()
        if child == 0:
            try:
                for number in range(5):
                    mine = partial(with_key, f"{writer}-{number}", number)
                    state.change(home, "t", mine, f"w{writer}", NOW)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 20
    kept = state.read(home, "t")
    assert kept.value == {f"{writer}-{number}": number for writer in range(20) for number in range(5)}
    assert kept.version == 100
    assert len(os.listdir(f"{home.state}/t")) == VERSIONS


def test_killed_at_every_step(tmp_path: Path) -> None:
    """The version before holds, or the new one; whole, and the next writer goes on."""
    seen = set()
    for step in range(1, 60):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        for number in range(VERSIONS):
            state.write(home, "t", number, {"n": number}, "a", NOW)
        killed = killed_at(step, partial(state.write, home, "t", VERSIONS, {"n": "new"}, "b", NOW))
        value = state.read(home, "t").value
        assert value in ({"n": VERSIONS - 1}, {"n": "new"})
        seen.add(str(value))
        assert state.change(home, "t", lambda _: {"n": "last"}, "c", NOW).value == {"n": "last"}
        assert len(state.history(home, "t")) == VERSIONS
        if not killed:
            break
    assert len(seen) == 2
