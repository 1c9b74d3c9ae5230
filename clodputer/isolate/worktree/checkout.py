"""The checkout of a person that a run's worktree belongs to, found again however long after the run."""

from __future__ import annotations

import os
from shlex import quote
from typing import NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.store.git import git
from clodputer.store.git.trees import Tree


class Checkout(NamedTuple):
    """top: its uppermost folder, with links resolved; own: the git folder that is its own."""

    top: str
    own: str


def find(tree: Tree) -> Checkout:
    """The checkout that the task's working directory is in, or was. Raises ClodputerError ("no_checkout"), OSError."""
    folder = tree.top
    while not os.path.isdir(folder):
        # Another commit may be checked out there by now, which does not have the folder.
        folder = os.path.dirname(folder)
    said = git.call(["rev-parse", "--git-common-dir", "--absolute-git-dir", "--show-toplevel"], folder)
    words = said.out.rstrip("\n").split("\n")
    if said.status or len(words) != 3 or os.path.realpath(os.path.join(folder, words[0])) != tree.common:
        why = said.why if said.status else f"it is no part of {tree.common} any more"
        raise ClodputerError(
            "no_checkout",
            f"{tree.top} has no checkout: {why}",
            f"Commit what is in the tree, and push it: git -C {quote(tree.path)} push origin HEAD",
        )
    return Checkout(os.path.realpath(words[2]), os.path.realpath(words[1]))
