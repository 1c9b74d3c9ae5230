"""The gate of permissions: while other accounts could change what a task does, its requests wait."""

from __future__ import annotations

from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import EXPOSED
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.files import exposed
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = ()


def check(task: Task, _request: Request, _history: History, context: Context, _now: float) -> Verdict:
    """As `Gate.check` says."""
    found = exposed.of_task(context.home, task.path)
    return Wait(None, EXPOSED, f"{found[0].message}; fix: {found[0].fix}") if found else GO
