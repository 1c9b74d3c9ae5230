"""Work is saved before its tree is removed: commits as a bundle, all changes as a patch, and files git does not know."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from clodputer.isolate.worktree import look, pinned, submodules
from clodputer.isolate.worktree.copy import is_as_copied
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.git import git, trees
from clodputer.store.git.trees import Tree

# How long it is kept, in seconds.
KEPT_FOR = 30 * 86400.0


def place(home_of: str, tree: Tree) -> str:
    """Where the work of a tree is saved, as a path to which the ending is added."""
    return f"{home_of}/{trees.DISCARDED}/{tree.task}-{tree.run_id}"


def put_away(home_of: str, tree: Tree, found: look.Found) -> tuple[str, ...]:
    """Write the work of a tree into files, and return their paths.

    Raises ClodputerError ("not_put_away") when it cannot be had whole, OSError.
    """
    os.makedirs(f"{home_of}/{trees.DISCARDED}", mode=0o700, exist_ok=True)
    beside = place(home_of, tree)
    made = []
    inside = [path for path in found.changes if path.endswith("/")]
    if inside or found.problems:
        why = f"{inside[0]} in it is another git repository" if inside else " ".join(found.problems)
        raise ClodputerError("not_put_away", f"the work in {tree.path} cannot be saved: {why}", "Look at it.")
    if found.commits:
        target = f"{beside}.bundle"
        refs = ["HEAD", *([f"refs/heads/{tree.branch}"] if look.tip(tree) else [])]
        asked = ("bundle", "create", "--quiet", target, *refs, "--not", "--remotes", tree.commit)
        said = pinned.call(tree, asked)
        if said.status:
            raise ClodputerError("not_put_away", f"the commits of {tree.path} could not be saved: {said.why}")
        os.chmod(target, 0o600)
        made.append(target)
    if found.changes:
        made.append(_patch(tree, beside))
    return tuple(made)


def _patch(tree: Tree, beside: str) -> str:
    """All that differs from HEAD, files that git does not know too, as one patch that `git apply` takes."""
    target, index = f"{beside}.patch", f"{beside}.index"
    try:
        text = changes(tree, index)
        atomic.write(target, text.encode("utf-8", "surrogateescape"))
    finally:
        atomic.remove(index)
    return target


def changes(tree: Tree, index: str, since: str = "HEAD") -> str:
    """What the tree has since a commit, as a patch; `index`: a path for an index of our own, so that the tree's stays.

    Raises ClodputerError, OSError.
    """
    more = {"GIT_INDEX_FILE": index}
    _said(tree, ("read-tree", "HEAD"), more)
    # git would look into repositories within the tree by itself, and obey what is set there.
    links = submodules.links(tree, more)
    left = [name for name in tree.copied if is_as_copied(tree, name)]
    outside = [f":(exclude,literal){name}" for name in (*left, *links)]
    _said(tree, ("add", "--all", "--", ".", *outside), more)
    for path, commit in links.items():
        now = submodules.head(f"{tree.path}/{path}")
        if now and now != commit:
            _said(tree, ("update-index", "--cacheinfo", f"160000,{now},{path}"), more)
    diff = ("diff", "--cached", "--binary", "--full-index", "--no-ext-diff", "--no-textconv")
    said = _said(tree, (*diff, "--submodule=short", since), more)
    if len(said.out) >= git.LARGEST:
        raise ClodputerError("not_put_away", f"the changes in {tree.path} are too large for a patch")
    return said.out


def _said(tree: Tree, arguments: Sequence[str], more: Mapping[str, str]) -> git.Said:
    said = pinned.call(tree, arguments, more)
    if said.status:
        raise ClodputerError("not_put_away", f"the changes in {tree.path} could not be read: {said.why}")
    return said
