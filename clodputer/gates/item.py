"""The gate of items: of runs about one issue or pull request one goes on at a time."""

from __future__ import annotations

from clodputer.gates.github import KIND
from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import ITEM
from clodputer.model.request import Request, came_from
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import busy

KEYS: tuple[Key, ...] = ()
# When to ask again, in seconds, should nobody wake it: the exec of the other run was killed, say.
LATER = 60.0


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says; only for what comes from GitHub, whose lane has several slots."""
    if came_from(request) == KIND and busy.with_item(context.home, task.name, request.item, request.id):
        return Wait(now + LATER, ITEM, f"Another run about {request.item} is going on.")
    return GO
