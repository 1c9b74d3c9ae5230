"""Commits on a HEAD without a branch that was left again: they keep the tree, are put away with it, and can be had again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from clodputer.isolate.worktree import look, review, undo
from clodputer.isolate.worktree.reclaim import discard, reclaim
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.isolate.test_worktree import commit, entered, token
from tests.repositories import branches, git, repository, worktrees


def leave(tree: Tree) -> str:
    """Commit without a branch, and go back to it; the commit."""
    git(tree.path, "checkout", "--quiet", "--detach")
    Path(tree.path, "file").write_text("precious\n")
    git(tree.path, "commit", "--quiet", "--all", "-m", "precious")
    head = git(tree.path, "rev-parse", "HEAD")
    git(tree.path, "checkout", "--quiet", tree.branch)
    return head


def test_it_keeps_the_tree_and_is_put_away(tmp_path: Path) -> None:
    """Told by the diff; in the bundle; and git of the person can have it again."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout)
    head = leave(entered(planned))
    undo(planned)
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    assert (tree.commits, tree.undelivered, tree.changes) == (1, True, 0)
    assert head[:12] in review.diff(tree).notes[0]
    kept = reclaim(planned["record"])
    assert kept is not None
    assert not kept.removed
    done = discard(planned["record"])
    assert done is not None
    assert done.removed
    git(checkout, "reflog", "expire", "--expire=now", "--all")
    git(checkout, "gc", "--quiet", "--prune=now")
    git(checkout, "fetch", "--quiet", done.kept[0], "refs/worktree/left-1:again")
    assert git(checkout, "rev-parse", "again") == head


@pytest.mark.parametrize("how", ["a branch", "pushed", "merged", "nothing made"])
def test_what_is_elsewhere_keeps_nothing(tmp_path: Path, how: str) -> None:
    """A branch, a remote, or the tree's branch itself has it."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    if how == "nothing made":
        git(tree.path, "checkout", "--quiet", "--detach")
        git(tree.path, "checkout", "--quiet", tree.branch)
        head = tree.commit
    else:
        head = leave(tree)
    if how == "a branch":
        git(tree.path, "branch", "mine", head)
    elif how == "pushed":
        git(tree.path, "push", "--quiet", "origin", f"{head}:refs/heads/done")
    elif how == "merged":
        git(tree.path, "merge", "--quiet", head)
        git(tree.path, "push", "--quiet", "origin", "HEAD:refs/heads/done")
    undo(planned)
    assert worktrees(checkout) == []


@pytest.mark.parametrize("still_there", [True, False])
def test_a_tree_whose_files_somebody_has_removed(tmp_path: Path, still_there: bool) -> None:
    """What only its git folder knew gets a branch, whether it was left or is checked out."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    if still_there:
        git(tree.path, "checkout", "--quiet", "--detach")
        commit(tree)
        head = git(tree.path, "rev-parse", "HEAD")
    else:
        head = leave(tree)
    undo(planned)
    shutil.rmtree(tree.path)
    done = reclaim(planned["record"])
    assert done is not None
    assert done.removed
    assert branches(checkout) == [f"{tree.branch}-left-1"]
    assert git(checkout, "rev-parse", f"{tree.branch}-left-1") == head
    assert not os.path.lexists(planned["record"])


def test_a_log_that_says_anything(tmp_path: Path) -> None:
    """A run can write what it likes there: what is no commit counts for nothing."""
    checkout = repository(tmp_path)
    tree = entered(token(tmp_path, checkout))
    no = "0123456789" * 4
    with open(f"{tree.admin}/logs/HEAD", "a") as log:
        log.write(f"{no} {no} a <a> 1 +0000\tcheckout: moving from {no} to main\n\x00\n--all {no}\n")
    assert look.left(tree) == ()
    assert not look.look(tree).work
    os.unlink(f"{tree.admin}/logs/HEAD")
    assert look.left(tree) == ()
