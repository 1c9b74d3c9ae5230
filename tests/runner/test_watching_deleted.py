"""Deletions in a watched folder, for triggers that ask for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.runner.watched import Watched


def test_a_deleted_file(tmp_path: Path) -> None:
    """One request, with what was known of it; what nobody was told of is no deletion."""
    watched = Watched(tmp_path, event=["created", "deleted"])
    path = watched.put("a", "12345")
    watched.look()
    assert watched.files() == [("a", "created")]
    watched.put("b")
    watched.look(0.0)
    path.unlink()
    Path(watched.inbox, "b").unlink()
    assert watched.look() is not None, "it may come back at once, as when an editor saves it"
    watched.look(20.0)
    (request,) = watched.dropped()
    file = request["context"]["file"]
    assert (file["relative"], file["event"], file["size"]) == ("a", "deleted", 5)
    assert watched.look(30.0) is None
    assert watched.files() == []


def test_known_from_the_first_look(tmp_path: Path) -> None:
    """Its deletion counts, though it was not dropped itself."""
    watched = Watched(tmp_path, started=False, event="deleted")
    path = watched.put("a")
    watched.look()
    path.unlink()
    watched.look()
    watched.look(20.0)
    assert watched.files() == [("a", "deleted")]


def test_replaced_at_once(tmp_path: Path) -> None:
    """Gone and back within the debounce: no deletion, and with another content a change."""
    watched = Watched(tmp_path, event=["any", "deleted"])
    path = watched.put("a")
    watched.look()
    watched.dropped()
    path.unlink()
    watched.look()
    watched.put("a", "other")
    watched.look(20.0)
    assert watched.files() == [("a", "modified")]


def test_a_folder_that_is_away_is_no_deletion(tmp_path: Path) -> None:
    watched = Watched(tmp_path, event="deleted", pattern=["**"])
    watched.put("x/a")
    watched.look()
    watched.inbox.rename(tmp_path / "away")
    watched.look()
    watched.look(20.0)
    (tmp_path / "away").rename(watched.inbox)
    watched.look(30.0)
    assert watched.files() == []
    shutil.rmtree(watched.inbox / "x")
    watched.look(40.0)
    watched.look(50.0)
    assert watched.files() == [("x/a", "deleted")]


@pytest.mark.usefixtures("mortal")
def test_a_folder_that_is_closed_is_no_deletion(tmp_path: Path) -> None:
    watched = Watched(tmp_path, event="deleted", pattern=["**"])
    watched.put("x/a")
    watched.look()
    (watched.inbox / "x").chmod(0)
    try:
        watched.look()
        watched.look(20.0)
    finally:
        (watched.inbox / "x").chmod(0o700)
    assert watched.files() == []


def test_any_is_not_deleted(tmp_path: Path) -> None:
    """As before there was such an event."""
    watched = Watched(tmp_path)
    path = watched.put("a")
    watched.look()
    watched.dropped()
    path.unlink()
    watched.look()
    watched.look(20.0)
    assert watched.files() == []
