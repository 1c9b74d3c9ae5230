"""The resource `worktree`: a git worktree on a branch of its own, in which a run works instead of the person's checkout."""

# What it does with git is imported by the runs that have a worktree alone.
from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Optional

from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.isolate import worktree
from clodputer.model.task import Task
from clodputer.store.git import trees
from clodputer.store.home import locate

KEYS: tuple[Key, ...] = worktree.KEYS
# A fetch and many files take minutes: it is entered after the turn of admission, when the folder of the task is known.
LATE = True
# What follows the run decides whether it is removed.
STAYS = True

# The codes of errors that keep a run from starting; reasons of the same names say whether it is tried again.
CANNOT, BUSY = "no_worktree", "worktree_busy"


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[dict[str, Any]]:
    """The place of its record; what else is planned of it is written there before it is made."""
    home = locate(environ)
    if task is None:
        found = [path for path in trees.records(home.trees) if trees.run_of(path) == run_id]
        return {"record": found[0]} if found else None
    if not task.in_worktree:
        return None
    rule = task.worktree
    return {
        "record": trees.record_path(home, task.name, run_id),
        "task": task.name,
        "rule": {**rule._asdict(), "copy": list(rule.copy)},
    }


def enter(token: Mapping[str, Any]) -> Prepared:
    """Make it, from the repository that `folder` of the token lies in, or give the one of run `continues` back.

    It begins at the branch `published` of the remote, where the token names one that is there.

    Raises ClodputerError (CANNOT, BUSY), OSError.
    """
    prepared: Prepared = import_module("clodputer.isolate.worktree.make").enter(token)
    return prepared


def close(record: str, *, session: bool, failed: bool) -> Optional[trees.Tree]:
    """Undo it by what follows the run, as `end.close` says. Raises OSError, git.Missing."""
    closed: Optional[trees.Tree] = import_module("clodputer.isolate.worktree.end").close(
        record, session=session, failed=failed
    )
    return closed


def undo(token: Mapping[str, Any]) -> None:
    """Remove it when nothing would be lost by that, and else record why it stays."""
    record = str(token.get("record", ""))
    # The path comes from a file that somebody may have edited; what is in it is looked at as closely.
    if os.path.isabs(record) and os.path.lexists(record):
        import_module("clodputer.isolate.worktree.end").undo(record, session=bool(token.get("continues")))
