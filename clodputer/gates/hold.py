"""The gate of holds: requests wait while everything, their lane, their task or their account is on hold."""

from __future__ import annotations

from clodputer.model.keys import Key
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.model.verdict import GO, Verdict, Wait
from clodputer.model.waiting import HOLD
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.history import History

KEYS: tuple[Key, ...] = ()


def check(task: Task, _request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A lane on hold claims nothing, so here it is mostly the task or the account that is held."""
    placed = holds.on_task(context.home, task, now)
    if placed is None:
        return GO
    message = f": {placed.hold.message}" if placed.hold.message else ""
    return Wait(placed.hold.until, HOLD, f"{placed.target.words} is on hold ({placed.hold.reason}){message}")
