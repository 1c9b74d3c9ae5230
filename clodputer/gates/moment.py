"""The gate of a request's own moments: it waits until its `not_before`, and is given up after its `expires_at`."""

from __future__ import annotations

from typing import Optional

from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Refuse, Verdict, Wait
from clodputer.model.gates.waiting import NOT_BEFORE
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = ()


def check(
    _task: Optional[Task], request: Request, _history: History, _context: Context, now: float
) -> Verdict:
    """As `Gate.check` says; the task may be missing or broken."""
    if request.expires_at is not None and request.expires_at <= now:
        return Refuse("expired", "It expired before its turn came (expires_at).")
    if request.not_before is not None and request.not_before > now:
        return Wait(request.not_before, NOT_BEFORE, "It waits for its time (not_before).")
    return GO
