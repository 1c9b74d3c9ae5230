"""What is in a worktree that would be lost with it: changes, files that git does not know, commits that no remote has."""

from __future__ import annotations

import os
from errno import EINVAL
from typing import NamedTuple

from clodputer.isolate.worktree import pinned, submodules
from clodputer.isolate.worktree.copy import is_as_copied
from clodputer.store.git import git
from clodputer.store.git.trees import REMOVING, Tree

# A submodule is a repository with settings of its own, which git would obey in there (submodules.py).
_STATUS = ("status", "--porcelain=v1", "-z", "--ignore-submodules=all")
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "BISECT_LOG": "a bisection",
}


class Found(NamedTuple):
    """head: the commit that is checked out. commits: that no remote has. changes: paths. problems: sentences."""

    head: str = ""
    commits: int = 0
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    submodules: bool = False

    @property
    def work(self) -> bool:
        """Whether anything would be lost with the tree, or whether nobody can tell."""
        return bool(self.commits or self.changes or self.problems)


def look(tree: Tree) -> Found:
    """Look, without obeying what the run may have written into the tree's own git files. Raises OSError."""
    if not tree.admin or not os.path.isdir(tree.admin):
        return Found(problems=("git does not know this worktree any more.",))
    try:
        return _look(tree)
    except OSError as error:
        if error.errno != EINVAL:
            raise
        return Found(problems=(f"{error.strerror}.",))


def _look(tree: Tree) -> Found:
    head = pinned.call(tree, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
    status = pinned.call(tree, (*_STATUS, "--untracked-files=all", "--no-renames"))
    problems = [f"git cannot say what is changed in it: {status.why}."] if status.status else []
    changes = [
        entry for entry in status.out.split("\0") if len(entry) > 3 and not is_as_copied(tree, entry[3:])
    ]
    if tree.state == REMOVING:
        # A removal was cut off: what it had removed already is no change of the run's.
        changes = [entry for entry in changes if entry[:2] != " D"]
    changes = [entry[3:] for entry in changes]
    commits, wrong = _commits(tree, head.out.strip())
    problems += wrong
    problems += [
        f"{words} is under way in it."
        for name, words in _UNDER_WAY.items()
        if os.path.lexists(f"{tree.admin}/{name}")
    ]
    problems += _locked(tree)
    inside = os.path.isdir(f"{tree.admin}/modules")
    problems += submodules.problems(tree)
    return Found(head.out.strip(), commits, tuple(changes), tuple(problems), inside)


def tip(tree: Tree) -> str:
    """The commit of the tree's branch; empty when the branch is gone."""
    said = pinned.shared(tree, "rev-parse", "--verify", "--quiet", f"refs/heads/{tree.branch}")
    return said.out.strip() if said.status == 0 else ""


def unpushed(tree: Tree, *commits: str) -> int:
    """How many commits these have that neither a remote nor the tree's base has; -1 when git cannot say."""
    asked = ("rev-list", "--count", *commits, "--not", "--remotes", tree.commit)
    said = pinned.shared(tree, *asked, seconds=git.WRITE)
    return int(said.out) if said.status == 0 and said.out.strip().isdigit() else -1


def _commits(tree: Tree, head: str) -> tuple[int, list[str]]:
    if not head:
        return 0, ["its HEAD names no commit."]
    tips = [commit for commit in (head, tip(tree)) if commit]
    count = unpushed(tree, *tips)
    if count < 0:
        return 0, ["git cannot say which of its commits a remote has."]
    return count, []


def _locked(tree: Tree) -> list[str]:
    try:
        with open(f"{tree.admin}/locked", encoding="utf-8", errors="replace") as file:
            reason = file.read(500).strip()
    except OSError:
        return []
    return [] if reason.startswith("clodputer ") else [f"it is locked: {reason or 'without a reason'}."]
