"""Kept worktrees of a home: removed by the daily sweep or by a person, each only when nothing is lost by it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from shutil import rmtree
from typing import Optional

from clodputer.isolate.worktree import reclaim as reclaiming
from clodputer.isolate.worktree import taking
from clodputer.isolate.worktree.putaway import KEPT_FOR
from clodputer.isolate.worktree.reclaim import Reclaimed
from clodputer.isolate.worktree.taking import Taken
from clodputer.model.errors import ClodputerError
from clodputer.store.context import Context
from clodputer.store.folder import entries
from clodputer.store.git import git, trees
from clodputer.store.git.trees import Tree
from clodputer.store.records import runs
from clodputer.store.spool import find
from clodputer.store.spool import slot as slots


def in_use(context: Context, tree: Tree, pending: Optional[set[str]] = None) -> str:
    """Why a tree must stay as it is: a run has it, or will; empty when none does. Raises OSError."""
    if any(content.run_id == tree.run_id for _, content in slots.at_work(context.home)):
        return "A run uses it."
    pending = find.pending_ids(context.home) if pending is None else pending
    if tree.why == "session" and runs.request_of(tree.run_id) in pending:
        return "Its request will go on with it."
    return ""


def reclaim(
    context: Context, now: float, *, older_than: Optional[float] = None, dry: bool = False, by: str = "person"
) -> Iterator[Reclaimed]:
    """What becomes of each tree that no run has. older_than: seconds since its run; None: the `ttl` of its task.

    Raises OSError, git.Missing.
    """
    pending = find.pending_ids(context.home)
    for tree in tuple(trees.everything(context.home)):
        record = trees.record_path(context.home, tree.task, tree.run_id)
        why = in_use(context, tree, pending)
        age = now - (tree.ended_at or tree.made_at)
        if not why and age < (tree.ttl if older_than is None else older_than):
            why = "It is not old enough."
        done = Reclaimed(tree, removed=False, why=why) if why else reclaiming.reclaim(record, dry=dry)
        if done is None:
            continue
        if done.removed and not dry:
            context.log(now, "tree_removed", task=tree.task, run_id=tree.run_id, path=tree.path, by=by)
        yield done


def discard(context: Context, tree: Tree, now: float) -> Reclaimed:
    """Remove a tree and its branch after its work was saved. Raises ClodputerError, OSError, git.Missing."""
    why = "A run uses it." if in_use(context, tree, set()) else ""
    record = trees.record_path(context.home, tree.task, tree.run_id)
    done = Reclaimed(tree, removed=False, why=why) if why else reclaiming.discard(record)
    if done is None:
        return Reclaimed(tree, removed=True)
    if done.removed:
        facts = {"task": tree.task, "run_id": tree.run_id, "path": tree.path, "by": "discard"}
        context.log(now, "tree_removed", **facts, kept=list(done.kept))
    return done


def take(context: Context, tree: Tree) -> Taken:
    """Bring the work of a tree into the checkout of its repository. Raises as `taking.take` does, and "in_use"."""
    if in_use(context, tree, set()):
        raise ClodputerError(
            "in_use",
            f"run {tree.run_id} is at work in {tree.path}",
            f"Wait for its end: clodputer show {tree.run_id}; or end it: clodputer cancel {tree.run_id}",
        )
    return taking.take(context.home.trees, tree)


def sweep(context: Context, now: float) -> None:
    """Remove what is older than its task says, and what was saved or begun to be taken a month ago. Raises OSError."""
    if not entries(context.home.trees):
        return
    try:
        for _ in reclaim(context, now, by="ttl"):
            pass
    except git.Missing:
        return
    folder = f"{context.home.trees}/{trees.DISCARDED}"
    for name in entries(folder):
        path = f"{folder}/{name}"
        if os.lstat(path).st_mtime < now - KEPT_FOR:
            os.unlink(path)
    folder = f"{context.home.trees}/{taking.TAKING}"
    for name in entries(folder):
        if os.lstat(f"{folder}/{name}").st_mtime < now - KEPT_FOR:
            rmtree(f"{folder}/{name}", ignore_errors=True)
