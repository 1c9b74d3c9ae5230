"""Kept worktrees are removed when nothing is lost by it, or by a person's word once their work was saved."""

from __future__ import annotations

import os
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.isolate.worktree import end, look, putaway, taking
from clodputer.model.errors import ClodputerError
from clodputer.store.git import git, trees
from clodputer.store.git.trees import KEPT, Tree


class Reclaimed(NamedTuple):
    """A tree as it is now. removed: whether it went, or would go. why: it stayed. kept: files that its work is in.

    branch: the name of the tree's branch where that stays, as it has commits that are nowhere else.
    """

    tree: Tree
    removed: bool
    why: str = ""
    kept: tuple[str, ...] = ()
    branch: str = ""


def reclaim(record: str, *, dry: bool = False) -> Optional[Reclaimed]:
    """Remove a tree in which nothing is that would be lost; None when its record is gone. Raises OSError, git.Missing."""
    tree = trees.read(record)
    if tree is None:
        return None
    home_of = os.path.dirname(os.path.dirname(record))
    if not os.path.isdir(tree.common):
        return Reclaimed(tree, removed=False, why=f"Its repository {tree.common} is gone.")
    if tree.state != KEPT and not dry:
        tree = end.close(record) or tree
        if tree.state != KEPT:
            return Reclaimed(tree, removed=tree.state == trees.REMOVED)
    with git.writer(tree.common) as held:
        now = trees.of_session(home_of, tree.task, tree.run_id)
        if now is None or now.run_id != tree.run_id:
            return Reclaimed(tree, removed=False, why="A run uses it.")
        if not os.path.isdir(tree.path):
            return Reclaimed(tree if dry else end.finished(home_of, tree, held), removed=True)
        cut_off = taking.cut_off(home_of, tree)
        if cut_off:
            return Reclaimed(tree, removed=False, why=cut_off)
        found = look.look(tree)
        inside = processes(tree.path)
        if found.work or inside:
            why = f"Process {inside[0]} works in it." if inside else "It holds work that no remote has."
            if found.work and not dry:
                # Such as one that was kept for a request which was cancelled since: nobody waits for its work any more.
                tree = end.kept(home_of, tree, "undelivered", found)
            return Reclaimed(tree, removed=False, why=" ".join((why, *found.problems)))
        if dry:
            return Reclaimed(tree, removed=True)
        gone = end.remove(home_of, tree, found, held)
        return Reclaimed(gone, removed=gone.state == trees.REMOVED, why=" ".join(gone.problems))


def discard(record: str) -> Optional[Reclaimed]:
    """Put the work of a tree away and remove it with its branch; None when its record is gone.

    Raises ClodputerError ("not_put_away") when its work cannot be saved whole, and OSError, git.Missing.
    """
    tree = trees.read(record)
    if tree is None:
        return None
    home_of = os.path.dirname(os.path.dirname(record))
    if not os.path.isdir(tree.common):
        return _without_repository(home_of, tree)
    with git.writer(tree.common) as held:
        now = trees.of_session(home_of, tree.task, tree.run_id)
        inside = processes(tree.path)
        if now is None or now.run_id != tree.run_id or inside:
            why = f"Process {inside[0]} works in it." if inside else "Another run uses it now."
            return Reclaimed(tree, removed=False, why=why)
        cut_off = taking.cut_off(home_of, tree)
        if cut_off:
            return Reclaimed(tree, removed=False, why=cut_off)
        if not os.path.isdir(tree.path):
            # An earlier call was cut off after git had removed it; by then its work was saved.
            beside = putaway.place(home_of, tree)
            kept = tuple(path for path in (f"{beside}.bundle", f"{beside}.patch") if os.path.lexists(path))
            put_away = tree.state == trees.REMOVING and os.path.lexists(f"{beside}.bundle")
            gone = end.finished(home_of, tree, held, all_of_it=put_away)
            return Reclaimed(gone, removed=True, kept=kept, branch=tree.branch if look.tip(tree) else "")
        found = look.look(tree)
        kept = putaway.put_away(home_of, tree, found) if found.work else ()
        gone = end.remove(home_of, tree, found, held)
        return Reclaimed(gone, gone.state == trees.REMOVED, " ".join(gone.problems), kept)


def _without_repository(home_of: str, tree: Tree) -> Reclaimed:
    """Of a tree whose repository is gone: git can put nothing of it away, and a person's files are not thrown away."""
    if os.path.isdir(tree.path):
        raise ClodputerError(
            "not_put_away",
            f"the repository {tree.common} is gone, so nothing in {tree.path} can be saved",
            "If it was moved, move it back; else copy what you need, and remove the rest: "
            f"rm -r {quote(tree.path)}; then: clodputer discard {tree.run_id}",
        )
    trees.forget(home_of, tree)
    return Reclaimed(tree._replace(state=trees.REMOVED), removed=True)


def processes(path: str) -> list[int]:
    """The processes whose working directory is in a folder."""
    # As psutil, where trees are removed alone.
    import psutil

    real, found = os.path.realpath(path), []
    for process in psutil.process_iter():
        try:
            folder = process.cwd()
        except (psutil.Error, OSError):
            continue
        if folder == real or folder.startswith(f"{real}/"):
            found.append(process.pid)
    return found
