"""Remove: task files are moved where they can be brought back from; what waits for their tasks stays as it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time
from typing import Any, NamedTuple

from clodputer.model.text.moment import compact
from clodputer.store.context import Context
from clodputer.store.spool.find import RUNNING, Found
from clodputer.store.taskstate import disabled

FOLDER = "removed"


class Removed(NamedTuple):
    """A task that was removed: where its file was, where it is kept, and the ids of its requests that wait and run."""

    task: str
    path: str
    kept: str
    waiting: tuple[str, ...]
    running: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "waiting": list(self.waiting), "running": list(self.running)}


def remove(context: Context, name: str, path: str, found: Sequence[Found]) -> Removed:
    """Move the file of a task away; `found` are its requests that wait or run. Raises OSError."""
    now = time()
    folder = f"{context.home.tasks}/{FOLDER}/{compact(now)}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    kept = f"{folder}/{os.path.basename(path)}"
    os.rename(path, kept)
    disabled.clear(context.home, name)
    context.log(now, "task_removed", task=name, kept=kept)
    waiting = tuple(request.id or request.name for request in found if request.state != RUNNING)
    running = tuple(request.id for request in found if request.state == RUNNING)
    return Removed(name, path, kept, waiting, running)
