"""What a run has done in its worktree, for a person to look at and to take into the checkout, wholly or not at all."""

from __future__ import annotations

import os

from clodputer.isolate.worktree import pinned, putaway
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.git import git, gitplain
from clodputer.store.git.trees import Tree

LOST = "no_tree"


def diff(home_of: str, tree: Tree, *, stat: bool = False) -> tuple[list[str], str]:
    """Its commits, one line each, and what differs from its base, as a patch or as figures. Raises ClodputerError, OSError."""
    _there(tree)
    said = pinned.call(tree, ("log", "--format=%h %s", f"{tree.commit}..HEAD"))
    patch = _patch(home_of, tree)
    if stat and patch:
        patch = git.call(["apply", "--stat", "-"], tree.common, given=_bytes(patch)).out
    return said.out.splitlines(), patch


def take(home_of: str, tree: Tree) -> tuple[str, list[str]]:
    """Apply what a tree has to the checkout of its repository, uncommitted; nothing is changed when it does not fit.

    Returns the checkout and the paths that were changed there. Raises ClodputerError, OSError.
    """
    _there(tree)
    top = git.call(["rev-parse", "--show-toplevel", "--absolute-git-dir"], tree.top)
    if top.status:
        raise ClodputerError(
            "no_checkout",
            f"{tree.top} has no checkout: {top.why}",
            f"Merge the branch: git merge {tree.branch}",
        )
    folder, own = top.out.rstrip("\n").split("\n")
    patch = _bytes(_patch(home_of, tree))
    if not patch:
        return folder, []
    # git looks at all of it before it changes anything.
    where = gitplain.variables(tree.common, own, pinned.cache(home_of), folder)
    said = git.call(["apply", "--whitespace=nowarn", "-"], folder, git.WRITE, where, given=patch)
    if said.status:
        raise ClodputerError(
            "conflict",
            f"nothing was changed, as the work of run {tree.run_id} does not fit {folder}: {said.why}",
            f"Commit or stash what you have there, or merge its branch yourself: git merge {tree.branch}",
        )
    names = git.call(["apply", "--numstat", "-z", "-"], folder, given=patch).out.split("\0")
    return folder, [name.split("\t")[-1] for name in names if name]


def _there(tree: Tree) -> None:
    if not os.path.isdir(tree.path) or not os.path.isdir(tree.admin):
        raise ClodputerError(LOST, f"the worktree {tree.path} is gone", "See: clodputer trees")


def _patch(home_of: str, tree: Tree) -> str:
    index = f"{home_of}/.{tree.run_id}.{os.getpid()}.index"
    try:
        return putaway.changes(tree, index, tree.commit)
    finally:
        atomic.remove(index)
        atomic.remove(f"{index}.lock")


def _bytes(patch: str) -> bytes:
    return patch.encode("utf-8", "surrogateescape")
