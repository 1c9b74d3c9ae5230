"""Files are there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clodputer.store.files import atomic


@pytest.mark.parametrize("durable", [True, False])
def test_it_replaces_whole(tmp_path: Path, durable: bool) -> None:
    """The new content stands there, private to the account, with nothing left beside it."""
    path = tmp_path / "file"
    path.write_text("old, and longer")
    atomic.write(str(path), b"new", durable=durable)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_what_was(tmp_path: Path) -> None:
    """When the rename cannot happen, the target is unchanged and the temp file is gone."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        atomic.write(str(tmp_path / "taken"), b"data")
    assert os.listdir(tmp_path) == ["taken"]


def test_it_goes_through_another_folder(tmp_path: Path) -> None:
    """With `through`, the target's folder never sees a temp file."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "new").mkdir()
    atomic.write(str(tmp_path / "new" / "a.json"), b"{}", through=str(tmp_path / "tmp"))
    assert os.listdir(tmp_path / "new") == ["a.json"]
    assert os.listdir(tmp_path / "tmp") == []


def test_it_follows_no_link(tmp_path: Path) -> None:
    """A link laid where the temp file goes is not written through."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".file.{os.getpid()}").symlink_to(victim)
    with pytest.raises(OSError):
        atomic.write(str(tmp_path / "file"), b"data")
    assert victim.read_text() == "mine"
