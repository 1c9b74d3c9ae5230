"""Kept worktrees, reclaimed or discarded and killed at each step: no commit and no file is lost; foreign repositories."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from clodputer.isolate.worktree import CANNOT, enter, undo
from clodputer.isolate.worktree.reclaim import discard, reclaim
from clodputer.model.errors import ClodputerError
from clodputer.store.git import trees
from clodputer.store.home import Home
from tests.isolate.test_worktree import token
from tests.killing import killed_at
from tests.repositories import branches, git, repository, worktrees

MOST, STRIDE = 150, 4


def _kept(tmp_path: Path, checkout: Path, step: int, *, work: bool, keep: str = "unpushed") -> str:
    """The record of a tree whose run is over, with a commit and an untracked file as its work."""
    planned = token(tmp_path, checkout, f"20270115T080000.{step:03}Z-abcd1234", fetch=False, keep=keep)
    enter(planned)
    path = trees.tree_path(planned["record"])
    if work:
        git(path, "commit", "--quiet", "--allow-empty", "-m", "work")
        Path(path, "new").write_text("precious")
    undo(planned)
    return str(planned["record"])


@pytest.mark.parametrize("work", [False, True])
def test_killed_while_it_is_reclaimed(tmp_path: Path, work: bool) -> None:
    """A clean one goes in the end, one with work stays with all of it."""
    checkout, home = repository(tmp_path), Home(str(tmp_path / "home"))
    for step in range(1, MOST, STRIDE):
        record = _kept(tmp_path, checkout, step, work=work, keep="unpushed" if work else "always")
        killed = killed_at(step, partial(reclaim, record))
        assert trees.unexplained(home) == [], step
        reclaim(record)
        path = trees.tree_path(record)
        if work:
            assert Path(path, "new").read_text() == "precious", step
            assert git(path, "log", "-1", "--format=%s") == "work", step
        else:
            assert (os.path.lexists(path), worktrees(checkout), branches(checkout)) == (False, [], []), step
        if not killed:
            break
    assert 1 < step < MOST - STRIDE


def test_killed_while_it_is_discarded(tmp_path: Path) -> None:
    """At each moment the work is in the tree or put away, and in the end it is put away."""
    checkout, home = repository(tmp_path), Home(str(tmp_path / "home"))
    for step in range(1, MOST, STRIDE):
        record = _kept(tmp_path, checkout, step, work=True)
        stem = f"{home.trees}/{trees.DISCARDED}/tidy-{trees.run_of(record)}"
        killed = killed_at(step, partial(discard, record))
        assert trees.unexplained(home) == [], step
        path = trees.tree_path(record)
        patch = Path(f"{stem}.patch")
        in_patch = patch.exists() and "+precious" in patch.read_text()
        assert in_patch or Path(path, "new").read_text() == "precious", step
        discard(record)
        assert "+precious" in patch.read_text(), step
        assert "HEAD" in git(checkout, "bundle", "list-heads", f"{stem}.bundle"), step
        assert (os.path.lexists(path), worktrees(checkout), branches(checkout)) == (False, [], []), step
        if not killed:
            break
    assert 1 < step < MOST - STRIDE


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another account, as root")
def test_a_repository_of_another_account(tmp_path: Path) -> None:
    """git does not trust it, and the remedy says how to; nothing is left."""
    checkout = repository(tmp_path)
    for folder in (checkout, checkout / ".git"):
        os.chown(folder, 12345, 12345)
    with pytest.raises(ClodputerError) as failure:
        enter(token(tmp_path, checkout, fetch=False))
    assert failure.value.code == CANNOT
    assert "safe.directory" in str(failure.value.hint)
    assert not os.path.isdir(tmp_path / "home" / "trees") or os.listdir(tmp_path / "home" / "trees") == []
