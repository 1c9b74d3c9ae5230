"""A folder that is put back as it was."""

from __future__ import annotations

import os
from pathlib import Path

from tests import stages


def set_up(folder: Path) -> Path:
    (folder / "deep" / "empty").mkdir(parents=True)
    (folder / "deep" / "file").write_text("one")
    (folder / "stays").write_text("two")
    (folder / "moved").write_text("three")
    (folder / "link").symlink_to("stays")
    (folder / "stays").chmod(0o640)
    return folder / "deep"


def spoil(folder: Path) -> None:
    """Whatever a step may do to it."""
    (folder / "deep" / "file").write_text("ones")
    (folder / "deep" / "file").chmod(0o600)
    (folder / "deep" / "empty").rmdir()
    (folder / "moved").rename(folder / "deep" / "elsewhere")
    (folder / "link").unlink()
    (folder / "more" / "deeper").mkdir(parents=True)
    (folder / "more" / "deeper" / "file").touch()
    (folder / "more" / "link").symlink_to(folder)
    (folder / "deep" / "folder-link").symlink_to(folder / "more")


def test_each_step_finds_the_same(tmp_path: Path) -> None:
    seen = []
    for step, deep in stages.at_each(range(3), tmp_path, set_up):
        assert deep == tmp_path / "deep"
        found = {
            path: kept[:3] if isinstance(kept, tuple) else kept
            for path, kept in stages.taken(tmp_path).items()
        }
        seen.append((step, found, os.stat(tmp_path / "stays").st_ino))
        spoil(tmp_path)
    assert [step for step, _, _ in seen] == [0, 1, 2]
    assert seen[0][1] == seen[1][1] == seen[2][1]
    assert len({number for _, _, number in seen}) == 1, "an untouched file is still the same one"
