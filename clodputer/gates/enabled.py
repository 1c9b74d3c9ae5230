"""The gate of `enabled` and `auto_disable_after`: requests for a task that is switched off are given up."""

from __future__ import annotations

from clodputer.model import autodisable, decide
from clodputer.model.keys import Key
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.model.verdict import GO, Refuse, Verdict
from clodputer.store import disabled
from clodputer.store.context import Context
from clodputer.store.history import History

KEYS: tuple[Key, ...] = autodisable.KEYS


def check(task: Task, _request: Request, _history: History, context: Context, _now: float) -> Verdict:
    """As `Gate.check` says."""
    return (
        GO
        if task.enabled
        else Refuse("task_disabled", decide.disabled(task, disabled.read(context.home, task.name)))
    )
