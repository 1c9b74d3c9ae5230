"""Killed before each step of making and of ending a worktree, and many of them at once: nothing unexplained, nothing lost."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from clodputer.isolate.worktree import enter, undo
from clodputer.store.git import trees
from clodputer.store.home import Home
from tests.isolate.test_worktree import RUN, token
from tests.killing import killed_at
from tests.repositories import branches, git, repository, worktrees

MOST, STRIDE = 120, 2


def _explained(tmp_path: Path) -> None:
    assert trees.unexplained(Home(str(tmp_path / "home"))) == []


def test_killed_while_it_is_made(tmp_path: Path) -> None:
    """Whatever is there is taken away, and the next run has one."""
    checkout = repository(tmp_path)
    for step in range(1, MOST, STRIDE):
        planned = token(
            tmp_path, checkout, f"20270115T080000.{step:03}Z-abcd1234", fetch=False, copy=(".env",)
        )
        killed = killed_at(step, partial(enter, planned))
        _explained(tmp_path)
        undo(planned)
        assert (worktrees(checkout), branches(checkout)) == ([], []), step
        assert trees.records(str(tmp_path / "home" / "trees")) == []
        _explained(tmp_path)
        if not killed:
            break
    assert 4 < step < MOST - STRIDE


@pytest.mark.parametrize("work", [False, True])
def test_killed_while_it_is_ended(tmp_path: Path, work: bool) -> None:
    """A clean one goes in the end, one with work stays with all of it."""
    checkout = repository(tmp_path)
    for step in range(1, MOST, STRIDE):
        planned = token(tmp_path, checkout, f"20270115T080000.{step:03}Z-abcd1234", fetch=False)
        enter(planned)
        path = trees.tree_path(planned["record"])
        if work:
            git(path, "commit", "--quiet", "--allow-empty", "-m", "work")
            Path(path, "new").write_text("precious")
        killed = killed_at(step, partial(undo, planned))
        _explained(tmp_path)
        undo(planned)
        tree = trees.read(planned["record"])
        if work:
            assert tree is not None
            assert (tree.commits, tree.changes, tree.undelivered) == (1, 1, True), step
            assert Path(path, "new").read_text() == "precious"
        else:
            assert (tree, os.path.lexists(path), worktrees(checkout), branches(checkout)) == (
                None,
                False,
                [],
                [],
            )
        if not killed:
            break
    assert 2 < step < MOST - STRIDE


def test_a_removal_that_was_cut_off_half_way(tmp_path: Path) -> None:
    """git had deleted some files, its own `.git` among them; what was changed since keeps the rest."""
    checkout = repository(tmp_path)
    for changed in (False, True):
        planned = token(tmp_path, checkout, f"{RUN}{changed}", fetch=False)
        enter(planned)
        tree = trees.read(planned["record"])
        assert tree is not None
        trees.write(str(tmp_path / "home" / "trees"), tree._replace(state=trees.REMOVING))
        os.unlink(f"{tree.path}/.git")
        os.unlink(f"{tree.path}/file")
        if changed:
            Path(tree.path, "sub", "new").touch()
        undo(planned)
        assert os.path.isdir(tree.path) == changed
        assert len(worktrees(checkout)) == changed


def test_git_is_killed_in_the_middle(tmp_path: Path) -> None:
    """What it leaves in its first milliseconds, which no git removes, is known by the reason of its lock."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout, fetch=False)
    enter(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    trees.write(str(tmp_path / "home" / "trees"), tree._replace(state=trees.PLANNED))
    os.unlink(f"{tree.admin}/commondir")
    undo(planned)
    assert (
        os.listdir(checkout / ".git" / "worktrees") == []
        if (checkout / ".git" / "worktrees").exists()
        else True
    )
    assert branches(checkout) == []
    _explained(tmp_path)


@pytest.mark.slow
def test_many_at_once_in_one_repository(tmp_path: Path) -> None:
    """Twenty are made and ended by as many processes, and none fails."""
    checkout = repository(tmp_path)
    children = []
    for number in range(20):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                planned = token(tmp_path, checkout, f"20270115T080000.{number:03}Z-abcd1234")
                enter(planned)
                undo(planned)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 20
    assert (worktrees(checkout), branches(checkout)) == ([], [])
