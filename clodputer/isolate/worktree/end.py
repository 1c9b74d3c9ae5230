"""A worktree comes to its end: removed when nothing would be lost, and else kept, with the reason on record."""

from __future__ import annotations

import os
from contextlib import suppress
from time import time
from typing import Optional

from clodputer.isolate.worktree import look, pinned, putaway
from clodputer.isolate.worktree.copy import is_as_copied
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.worktree import ALWAYS, FAILED, NOTHING
from clodputer.store.git import git, trees
from clodputer.store.git.trees import Tree


def undo(record: str, *, session: bool = False) -> None:
    """`close` that never raises: what could not be done now is done by the next sweep."""
    with suppress(OSError, git.Missing):
        close(record, session=session)


def close(record: str, *, session: bool = False, failed: bool = False) -> Optional[Tree]:
    """End a run's use of its tree, and return what became of it; None when it had none.

    session: its request goes on with the same session, and wants the tree back. failed: its run did not succeed. May be killed
    at any point and repeated. Raises OSError, git.Missing; TimeoutError, an OSError, when others write to the repository.
    """
    tree = trees.read(record)
    if tree is None:
        return None
    home_of = os.path.dirname(os.path.dirname(record))
    if not os.path.isdir(tree.common):
        return kept(
            home_of, tree, "unknown", look.Found(problems=(f"its repository {tree.common} is gone.",))
        )
    with git.writer(tree.common) as held:
        tree = trees.read(record)
        if tree is None:
            return None
        if tree.state == trees.PLANNED:
            return _unmade(home_of, tree, held)
        if not os.path.isdir(tree.path) and (tree.state == trees.REMOVING or not os.path.isdir(tree.admin)):
            return finished(home_of, tree, held)
        found = look.look(tree)
        if session:
            return kept(home_of, tree, "session", found)
        if found.work and not (tree.keep == NOTHING and _put_away(home_of, tree, found)):
            return kept(home_of, tree, "undelivered", found)
        if tree.keep == ALWAYS or (tree.keep == FAILED and failed):
            return kept(home_of, tree, ALWAYS if tree.keep == ALWAYS else FAILED, found)
        return remove(home_of, tree, found, held)


def _put_away(home_of: str, tree: Tree, found: look.Found) -> bool:
    try:
        putaway.put_away(home_of, tree, found)
    except ClodputerError:
        return False
    return True


def remove(home_of: str, tree: Tree, found: look.Found, held: int) -> Tree:
    """Have git remove a tree in which nothing is that counts, or whose work was saved; kept when git refuses.

    The lock of its repository must be ours. Raises OSError.
    """
    cut_off = tree.state == trees.REMOVING
    put_away = bool(found.commits or found.changes)
    trees.write(home_of, tree._replace(state=trees.REMOVING))
    for name in tree.copied:
        if is_as_copied(tree, name):
            os.unlink(f"{tree.path}/{name}")
    if cut_off and not os.path.lexists(f"{tree.path}/.git") and os.path.isdir(tree.path):
        # git removed its own file first, and would not know the rest of the folder again.
        with open(f"{tree.path}/.git", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"gitdir: {tree.admin}\n")
    if not (cut_off or put_away):
        # Once more, as late as can be. git would look itself without --force, but obey what is set in submodules.
        again = look.look(tree._replace(copied={}))
        if again.work:
            return kept(home_of, tree, "undelivered", again)
    said = _git(tree, ["worktree", "remove", "-f", "-f", tree.path], held)
    if os.path.isdir(tree.path) or os.path.isdir(tree.admin):
        problem = f"git did not remove it: {said.why}."
        return kept(home_of, tree, "undelivered", found._replace(problems=(*found.problems, problem)))
    return finished(home_of, tree, held, all_of_it=put_away)


def _git(tree: Tree, arguments: list[str], held: int) -> git.Said:
    return git.call(["--git-dir", tree.common, *arguments], tree.common, git.WRITE, held=held)


def finished(home_of: str, tree: Tree, held: int, *, all_of_it: bool = False) -> Tree:
    """The tree is gone: its branch goes too unless it has commits that are nowhere else, and so does its record."""
    if os.path.isdir(tree.admin):
        if not all_of_it:
            _keep_named(tree)
        _git(tree, ["worktree", "remove", "-f", "-f", tree.path], held)
    tip = look.tip(tree)
    if tip and (all_of_it or look.unpushed(tree, tip) == 0):
        # With the commit that was looked at: whoever moves the branch meanwhile keeps it.
        _git(tree, ["update-ref", "-d", f"refs/heads/{tree.branch}", tip], held)
    trees.forget(home_of, tree)
    return tree._replace(state=trees.REMOVED, why="", commits=0, changes=0, problems=(), ended_at=time())


def _keep_named(tree: Tree) -> None:
    """Give commits that only the git folder of the tree knows a branch, as somebody has removed its files. Raises OSError."""
    for number, commit in enumerate(look.nameless(tree), 1):
        pinned.shared(tree, "update-ref", f"refs/heads/{tree.branch}-left-{number}", commit)


def _unmade(home_of: str, tree: Tree, held: int) -> Tree:
    """Take away what was made of a tree in which no agent has been: whatever is there, git or our copying put there."""
    _git(tree, ["worktree", "remove", "-f", "-f", tree.path], held)
    if os.path.isdir(tree.path) and not os.path.islink(tree.path):
        # A git that was killed in the first milliseconds leaves what no git removes.
        from shutil import rmtree

        rmtree(tree.path, ignore_errors=True)
    _forget_admin(tree)
    tip = look.tip(tree)
    if tip == tree.commit:
        _git(tree, ["update-ref", "-d", f"refs/heads/{tree.branch}", tip], held)
    trees.forget(home_of, tree)
    return tree._replace(state=trees.REMOVED, ended_at=time())


def _forget_admin(tree: Tree) -> None:
    """Remove the folder that a killed git has left of this tree, known by the reason of its lock; of no other."""
    from shutil import rmtree

    with suppress(FileNotFoundError):
        for name in os.listdir(f"{tree.common}/worktrees"):
            folder = f"{tree.common}/worktrees/{name}"
            with suppress(OSError), open(f"{folder}/locked", encoding="utf-8", errors="replace") as file:
                if file.read(500).strip() == f"clodputer {tree.run_id}":
                    rmtree(folder, ignore_errors=True)


def kept(home_of: str, tree: Tree, why: str, found: look.Found) -> Tree:
    """Record why a tree stays, and what it holds; the tree as it is recorded then. Raises OSError."""
    now = tree._replace(
        state=trees.KEPT,
        why=why,
        commits=found.commits,
        changes=len(found.changes),
        problems=found.problems,
        ended_at=tree.ended_at or time(),
    )
    trees.write(home_of, now)
    return now
