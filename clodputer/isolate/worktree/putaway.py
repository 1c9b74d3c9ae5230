"""Work is saved before its tree is removed: commits as a bundle, all changes as a patch, and files git does not know."""

from __future__ import annotations

import os
from collections.abc import Iterable
from shlex import quote

from clodputer.isolate.worktree import changes, look, pinned
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.git import trees
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
        raise ClodputerError(
            "not_put_away", f"the work in {tree.path} cannot be saved: {why}", _remedy(tree, inside)
        )
    if found.commits:
        target = f"{beside}.bundle"
        refs = ["HEAD", *([f"refs/heads/{tree.branch}"] if look.tip(tree) else []), *_named(tree, found.left)]
        asked = ("bundle", "create", "--quiet", target, *refs, "--not", "--remotes", tree.commit)
        said = pinned.call(tree, asked)
        if said.status:
            raise ClodputerError("not_put_away", f"the commits of {tree.path} could not be saved: {said.why}")
        os.chmod(target, 0o600)
        atomic.sync(target)
        made.append(target)
    if found.changes:
        made += _patch(tree, beside)
    return tuple(made)


def _named(tree: Tree, commits: Iterable[str]) -> list[str]:
    """References of the tree's own to commits that have no name: a bundle takes what is named, and they go with the tree."""
    names = []
    for number, commit in enumerate(commits, 1):
        names.append(f"refs/worktree/left-{number}")
        said = pinned.call(tree, ("update-ref", names[-1], commit))
        if said.status:
            raise ClodputerError("not_put_away", f"{commit} in {tree.path} could not be saved: {said.why}")
    return names


def _remedy(tree: Tree, inside: list[str]) -> str:
    again = f"clodputer discard {tree.run_id}"
    if inside:
        return f"Move it away, or remove it: {tree.path}/{inside[0]}; then: {again}"
    if not os.path.isdir(tree.admin):
        return f"Copy what you need from it, and remove it: rm -r {quote(tree.path)}; then: {again}"
    locked = f"; unlock it: git -C {quote(tree.common)} worktree unlock {quote(tree.path)}"
    return f"See to that in {tree.path}{locked if look.locked(tree) else ''}; then: {again}"


def _patch(tree: Tree, beside: str) -> list[str]:
    """All that differs from HEAD, files that git does not know too, as one patch that `git apply` takes."""
    target, new = f"{beside}.patch", f"{beside}.new"
    try:
        changes.write(tree, new)
        if not os.path.getsize(new):
            return []
        os.rename(new, target)
    finally:
        atomic.remove(new)
    atomic.sync(target)
    return [target]
