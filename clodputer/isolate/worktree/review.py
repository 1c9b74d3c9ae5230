"""What a run has done in its worktree, shown to a person."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import NamedTuple

from clodputer.isolate.worktree import changes, look, pinned
from clodputer.model.errors import ClodputerError
from clodputer.model.text.size import format_size
from clodputer.store.git import git
from clodputer.store.git.trees import Tree


class Diff(NamedTuple):
    """commits: one line each. text: a patch, or figures. notes: sentences on what neither of them shows."""

    commits: tuple[str, ...]
    text: str
    notes: tuple[str, ...] = ()


def diff(tree: Tree, *, stat: bool = False) -> Diff:
    """Its commits since the base, and what differs from it. Raises ClodputerError, OSError."""
    look.there(tree)
    said = pinned.call(tree, ("log", "--no-color", "--format=%h %s", f"{tree.commit}..HEAD"))
    with TemporaryDirectory(prefix="clodputer-diff-") as folder:
        patch = f"{folder}/patch"
        found = changes.write(tree, patch, tree.commit)
        size = os.path.getsize(patch)
        if stat:
            text = git.call(["apply", "--stat", patch], tree.common).out if size else ""
        elif size > git.LARGEST:
            raise ClodputerError(
                "too_large",
                f"the changes of run {tree.run_id} come to {format_size(size)}, which is too much to show",
                f"See which files: clodputer diff {tree.run_id} --stat",
            )
        else:
            with open(patch, "rb") as file:
                text = os.fsdecode(file.read())
    notes = [f"{path} is another git repository; look there." for path in found.inside]
    return Diff(
        tuple(said.out.splitlines()), text, (*notes, *look.remarks(tree), *look.read_first(tree, found.paths))
    )
