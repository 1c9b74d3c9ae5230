"""The end of a home: its folder removed with all that is in it, when it surely is one and nothing runs there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from shutil import rmtree

from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.spool import slot as slots

# What may lie in a home that is removed; anything else is somebody's own.
OURS = frozenset(
    (
        "README",
        "config.yaml",
        "dismissed.json",
        "secrets.env",
        "tasks",
        "bin",
        "templates",
        "spool",
        "runs",
        "ledger",
        "state",
        "cache",
        "holds",
        "outbox",
        "plugins",
        "trees",
        "ports",
        "containers",
        "approval.key",
        "archive",
        "execution.log",
        "format",
        "bug-reports",
        "backup",
        ".DS_Store",
    )
)
# What a kill left of writing one of these again (store/files/atomic.py).
_UNFINISHED = re.compile(r"\.(.+)\.\d+(\.new)?")


def check(home: Home, environ: Mapping[str, str]) -> None:
    """Refuse what is not plainly a home of ours, or holds something else. Raises ClodputerError."""
    real = os.path.realpath(home.root)
    own = os.path.realpath(environ.get("HOME") or os.path.expanduser("~"))
    parts = (home.new, home.tasks, home.lanes, home.runs, home.ledger)
    if real == "/" or own == real or own.startswith(f"{real}/") or not all(map(os.path.isdir, parts)):
        raise ClodputerError(
            "home_unfit",
            f"{home.root} does not look like a Clodputer home",
            "Look into it, and remove it yourself.",
        )
    kept = next(
        (folder for folder, _, files in os.walk(home.trees) if files or os.path.lexists(f"{folder}/.git")), ""
    )
    if kept:
        raise ClodputerError(
            "home_unfit",
            f"{home.trees} holds worktrees of runs, whose work may be nowhere else",
            "See them with: clodputer trees; then take, reclaim or discard them, and try again.",
        )
    strangers = sorted(name for name in os.listdir(home.root) if not _is_ours(name))
    if strangers:
        named = ", ".join(strangers[:3]) + (", ..." if strangers[3:] else "")
        raise ClodputerError(
            "home_unfit", f"{home.root} holds other things too: {named}", "Move them away, then try again."
        )


def _is_ours(name: str) -> bool:
    unfinished = _UNFINISHED.fullmatch(name)
    return name in OURS or bool(unfinished and unfinished[1] in OURS)


def remove(home: Home) -> None:
    """Remove the folder, and the link that led to it. Raises OSError, and ClodputerError when a run is going on there."""
    locks = [slots.lock(home, each) for each in slots.everywhere(home)]
    try:
        for lock in locks:
            if not lock.acquire():
                raise ClodputerError(
                    "busy",
                    f"a run is going on: {os.path.dirname(lock.path)}",
                    "Wait for its end, then try again.",
                )
        real = os.path.realpath(home.root)
        # First `new/`: whoever drops something now gets an error, instead of losing it.
        rmtree(home.spool)
        rmtree(real)
        if os.path.islink(home.root):
            os.unlink(home.root)
    finally:
        for lock in locks:
            lock.release()
