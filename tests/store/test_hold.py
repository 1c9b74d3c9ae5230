"""Holds: they stop a lane, end by themselves, and hold when they cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

from clodputer.store import hold
from clodputer.store.hold import Hold
from tests.workshop import make_home


def test_a_hold_ends_by_itself(tmp_path: Path) -> None:
    """Before its end it holds; from its end on it is gone, file and all."""
    home = make_home(tmp_path)
    placed = Hold("usage_limit", "wait", 2000.0)
    hold.place(home, "default", placed)
    assert hold.current(home, "default", 1999.9) == placed
    assert hold.current(home, "default", 2000.0) is None
    assert not Path(home.lanes, "default", "hold").exists()


def test_a_hold_without_end_stays(tmp_path: Path) -> None:
    """A pause lasts until somebody lifts it."""
    home = make_home(tmp_path)
    hold.place(home, "default", Hold("paused", "", None))
    assert hold.current(home, "default", 1e12) == Hold("paused", "", None)


def test_an_unreadable_hold_holds(tmp_path: Path) -> None:
    """Somebody put the file there for a reason; the message says which file to remove."""
    home = make_home(tmp_path)
    for text in ("", "not json", "[]", '{"until": "soon"}', '{"until": 5}'):
        Path(home.lanes, "default", "hold").write_text(text)
        found = hold.current(home, "default", 0.0)
        assert found is not None
        assert "remove it" in found.message


def test_what_is_no_file_holds_and_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe, or a folder, in its place: nobody waits for what it never says."""
    home = make_home(tmp_path)
    path = Path(home.lanes, "default", "hold")
    os.mkfifo(path)
    found = hold.read(home, "default", 0.0)
    assert found is not None
    assert "remove it" in found.message
    path.unlink()
    path.mkdir()
    assert hold.read(home, "default", 0.0) is not None
