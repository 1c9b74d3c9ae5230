"""The submodules of a worktree: their clones go with it, and have settings of their own that nobody obeys."""

from __future__ import annotations

import os
from collections.abc import Iterator

from clodputer.isolate.worktree import pinned
from clodputer.store.git import git, gitplain
from clodputer.store.git.trees import Tree

_CHANGED = "a submodule has changes, or is at another commit."
# Submodules may be nested this deep.
_DEEPEST = 8


def links(tree: Tree, more: dict[str, str]) -> dict[str, str]:
    """The paths at which a tree has another repository, with the commits it has of them. more: variables of git."""
    return _links(pinned.call(tree, ("ls-files", "--stage", "-z"), more))


def head(path: str) -> str:
    """The commit that is checked out in a repository within a tree; empty when there is none. It runs nothing. Raises
    OSError."""
    own = os.path.join(path, ".git")
    if not os.path.lexists(own):
        return ""
    said = git.call(["rev-parse", "--verify", "--quiet", "HEAD"], path)
    return said.out.strip() if said.status == 0 else ""


def problems(tree: Tree) -> list[str]:
    """What speaks against removing the clones of submodules, which go with the tree. Raises git.Missing, OSError."""
    clones = f"{tree.admin}/modules"
    found = list(_at(tree.path, links(tree, {})))
    if any(os.path.isdir(f"{path}/.git") for path, _ in found):
        return ["another git repository lies in it."]
    if any(_changed(tree, clones, path, commit, 0) for path, commit in found):
        return [_CHANGED]
    for folder, folders, names in os.walk(clones):
        if "HEAD" in names and "objects" in folders:
            asked = ("rev-list", "--count", "HEAD", "--branches", "--not", "--remotes")
            said = git.call(asked, folder, git.LOOK, _variables(tree, folder))
            if said.status or said.out.strip() != "0":
                return ["a submodule has commits that no remote has."]
            folders[:] = [name for name in folders if name == "modules"]
    return []


def _changed(tree: Tree, clones: str, path: str, commit: str, depth: int) -> bool:
    """Whether a submodule has anything that the commit which names it has not, or whether nobody can tell."""
    if not os.path.lexists(f"{path}/.git"):
        # It is not checked out.
        return os.path.isdir(path) and bool(os.listdir(path))
    own = _own(path)
    if depth > _DEEPEST or not f"{own}/".startswith(f"{clones}/"):
        return True
    where = {**_variables(tree, own, path), "GIT_OPTIONAL_LOCKS": "0"}
    at = git.call(("rev-parse", "--verify", "--quiet", "HEAD"), path, git.LOOK, where)
    if at.status or at.out.strip() != commit:
        return True
    status = ("status", "--porcelain=v1", "-z", "--ignore-submodules=all", "--untracked-files=all")
    said = git.call(status, path, git.WRITE, where)
    if said.status or said.out:
        return True
    within = _links(git.call(("ls-files", "--stage", "-z"), path, git.LOOK, where))
    return any(_changed(tree, clones, at, named, depth + 1) for at, named in _at(path, within))


def _links(said: git.Said) -> dict[str, str]:
    entries = (entry.partition("\t") for entry in said.out.split("\0"))
    return {path: words.split(" ")[1] for words, _, path in entries if words.startswith("160000 ")}


def _at(folder: str, found: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"{folder}/{path}", commit) for path, commit in found.items())


def _own(path: str) -> str:
    """The folder that git has of the repository at `path`, as its `.git` file says."""
    try:
        with open(f"{path}/.git", encoding="utf-8", errors="surrogateescape") as file:
            named = file.readline(5000).strip().partition("gitdir: ")[2]
    except OSError:
        return ""
    return os.path.realpath(os.path.join(path, named)) if named else ""


def _variables(tree: Tree, own: str, path: str = "") -> dict[str, str]:
    return gitplain.variables(own, own, pinned.cache(pinned.of(tree)), path)
