"""What a run's worktree has since a commit: committed or not, with files that git does not know; as a list and as a patch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from clodputer.isolate.worktree import pinned, submodules
from clodputer.isolate.worktree.copy import is_as_copied
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.git import git
from clodputer.store.git.trees import Tree

# What stands for another repository in an entry of git's index.
_LINK = "160000"
# Plumbing, which the person's own settings of colours, prefixes and context do not change.
_DIFF = (
    "diff-index",
    "--cached",
    "--binary",
    "--full-index",
    "--find-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


class Changes(NamedTuple):
    """paths: of files that differ, relative to the tree, with both names of a renamed one.

    links: submodules at another commit than before. inside: other repositories in the tree, which git cannot take in.
    """

    paths: tuple[str, ...]
    links: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()


def write(tree: Tree, target: str, since: str = "HEAD", *, links: bool = True) -> Changes:
    """Write what the tree has since a commit to `target`, as a patch that `git apply` takes; empty when it has nothing.

    links: whether the patch says of submodules that they are at another commit. A file `target`.index is used meanwhile, as an
    index of our own, so that the tree's stays as it is. Raises ClodputerError ("unreadable_tree"), OSError.
    """
    index = f"{target}.index"
    try:
        return _written(tree, index, target, since, links=links)
    finally:
        for path in (index, f"{index}.lock"):
            atomic.remove(path)


def _written(tree: Tree, index: str, target: str, since: str, *, links: bool) -> Changes:
    more = {"GIT_INDEX_FILE": index}
    _said(tree, ("read-tree", "HEAD"), more)
    # git would look into repositories within the tree by itself, and obey what is set there.
    known = submodules.links(tree, more)
    unknown = _said(tree, ("ls-files", "--others", "--exclude-standard", "-z"), more).out.split("\0")
    inside = [name.rstrip("/") for name in unknown if name.endswith("/")]
    left = [name for name in tree.copied if is_as_copied(tree, name)]
    _said(tree, ("add", "--all", "--", ".", *_without((*left, *known, *inside))), more)
    for path, commit in known.items():
        now = submodules.head(f"{tree.path}/{path}")
        if now and now != commit:
            _said(tree, ("update-index", "--cacheinfo", f"{_LINK},{now},{path}"), more)
    raw = _said(tree, ("diff-index", "--cached", "--raw", "--no-renames", "-z", since), more)
    moved, paths = _told_apart(raw.out)
    asked = (*_DIFF, f"--output={target}", since, "--", ".", *_without(() if links else moved))
    _said(tree, asked, more)
    os.chmod(target, 0o600)
    return Changes(tuple(paths), tuple(moved), tuple(inside))


def _told_apart(raw: str) -> tuple[list[str], list[str]]:
    """The submodules, and the files, that are named by the output of `diff-index --raw -z`."""
    words = raw.split("\0")
    moved: list[str] = []
    paths: list[str] = []
    for modes, path in zip(words[::2], words[1::2]):
        (moved if _LINK in modes.lstrip(":").split(" ")[:2] else paths).append(path)
    return moved, paths


def _without(names: Sequence[str]) -> list[str]:
    return [f":(exclude,literal){name}" for name in names]


def _said(tree: Tree, arguments: Sequence[str], more: dict[str, str]) -> git.Said:
    said = pinned.call(tree, arguments, more)
    if said.status or len(said.out) >= git.LARGEST:
        why = said.why if said.status else "there are too many of them"
        raise ClodputerError(
            "unreadable_tree",
            f"the changes in {tree.path} could not be read: {why}",
            f"Look at it there: git -C {tree.path} status",
        )
    return said
