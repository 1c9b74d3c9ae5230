"""The worktrees of runs: how large and how old each is, what it holds, and why it was kept."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from clodputer.model.text.moment import iso
from clodputer.runner.place.worktree import summary
from clodputer.store.context import Context
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree

# So many entries are counted of one tree; a larger one is larger than that.
MOST = 200_000


class Shown(NamedTuple):
    """A tree with its size in bytes, at least."""

    tree: Tree
    size: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        tree = self.tree
        return {
            "task": tree.task,
            "run_id": tree.run_id,
            "size": self.size,
            "made_at": iso(tree.made_at),
            "ended_at": iso(tree.ended_at) if tree.ended_at else None,
            **summary(tree),
        }


def everything(context: Context) -> tuple[Shown, ...]:
    """All of them, by task and age. Raises OSError."""
    return tuple(Shown(tree, size(tree.path)) for tree in trees.everything(context.home))


def size(path: str) -> int:
    """The bytes that the files in a folder take."""
    total, seen, waiting = 0, 0, [path]
    while waiting and seen < MOST:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            seen += 1
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return total
