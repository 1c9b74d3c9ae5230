"""The resource `sandbox`: what a strict sandbox needs on disk and beside it, made before its run and taken away after it."""

# What it does is imported by the runs that have a sandbox alone.
from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Optional

from clodputer.isolate import scratch
from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.isolate.sandbox import keys
from clodputer.model.task import Task

KEYS: tuple[Key, ...] = keys.KEYS
LATE, STAYS = False, False

# The code of an error that keeps a run from starting; the reason of this name says whether it is tried again.
CANNOT = "sandbox"

ENDING = ".box"
# What lies in the folder of a sandbox. HOME, TMP, VAR and CONFIG are seen from inside, under other names.
HOME, TMP, VAR, CONFIG = "home", "tmp", "var", "config"
SEEN = (HOME, TMP, VAR, CONFIG)


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[dict[str, Any]]:
    """A folder beside the run's temporary one. Raises ClodputerError as `scratch.plan` does."""
    if task is not None and not task.sandbox.strict:
        return None
    path = scratch.plan(task, environ, run_id)["path"] + ENDING
    return {"path": path} if task is not None or os.path.lexists(path) else None


def enter(token: Mapping[str, Any]) -> Prepared:
    """Make it. Raises OSError."""
    # mkdir makes the folder or fails, so nothing of another account can be in its place.
    os.mkdir(token["path"], 0o700)
    for name in SEEN:
        os.mkdir(f"{token['path']}/{name}", 0o700)
    return Prepared()


def undo(token: Mapping[str, Any]) -> None:
    """End the proxy, bring back what is to stay of the login and the session, and remove the folder."""
    path = str(token.get("path", ""))
    # The path comes from a file that somebody may have edited.
    if os.path.isabs(path) and path.endswith(ENDING) and os.path.isdir(path):
        import_module("clodputer.isolate.sandbox.box").put_away(path)
