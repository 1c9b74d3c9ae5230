"""What the triggers that look for themselves could not look at when they last tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task, Trigger
from clodputer.store.context import Context
from clodputer.store.triggers import memory
from clodputer.triggers import Looking


class WatchProblem(NamedTuple):
    """Why the last look of a task's trigger failed, or did so in part."""

    task: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def problems(context: Context, tasks: Iterable[Task]) -> list[WatchProblem]:
    """Those of all enabled tasks, by what the last exec that looked wrote down; nothing is looked at here."""
    found = []
    for task in tasks:
        for trigger in task.triggers if task.enabled else ():
            message = str((remembered(context, task, trigger) or {}).get("trouble") or "")
            if message:
                found.append(WatchProblem(task.name, message))
    return found


def remembered(context: Context, task: Task, trigger: Trigger) -> Optional[dict[str, Any]]:
    """What a trigger that looks for itself remembers of its last look; None for any other, and before the first."""
    kind = triggers.load(trigger.type)
    if not isinstance(kind, Looking):
        return None
    try:
        return memory.read(memory.folder(context.home, task.name), kind.mark(context, task, trigger))
    except ClodputerError:
        return None  # its path cannot be filled in here; the next exec reports it
