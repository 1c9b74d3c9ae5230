"""git called in the worktree of a run, which obeys nothing that the run may have written for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Optional

from clodputer.store.git import git, gitplain
from clodputer.store.git.trees import Tree

# Where git's view of each repository is kept, in the folder of a home for what can be made again.
_KEPT = "cache/git"


def call(
    tree: Tree,
    arguments: Sequence[str],
    more: Optional[Mapping[str, str]] = None,
    *,
    seconds: float = git.WRITE,
    held: int = -1,
) -> git.Said:
    """git in a tree: neither its `.git` file, which could name another repository, nor the configuration of that counts.

    Raises git.Missing, OSError.
    """
    where = gitplain.variables(tree.common, tree.admin, cache(of(tree)), tree.path)
    folder = tree.path if os.path.isdir(tree.path) else tree.common
    return git.call(
        arguments, folder, seconds, {**where, "GIT_OPTIONAL_LOCKS": "0", **(more or {})}, held=held
    )


def shared(tree: Tree, *arguments: str, seconds: float = git.LOOK) -> git.Said:
    """git in the repository of a tree, for what it has of commits and branches. Raises git.Missing, OSError."""
    where = gitplain.variables(tree.common, tree.common, cache(of(tree)))
    return git.call(arguments, tree.common, seconds, where)


def of(tree: Tree) -> str:
    """The folder `trees` of the home that a tree is in."""
    return os.path.dirname(os.path.dirname(tree.path))


def cache(home_of: str) -> str:
    """Where the views of repositories are kept. home_of: the folder `trees` of a home."""
    return f"{os.path.dirname(home_of)}/{_KEPT}"
