"""The gate of approval: a request of a task that asks first waits until a person has decided."""

from __future__ import annotations

from clodputer.model.config.keys import Key
from clodputer.model.gates import approval
from clodputer.model.gates.verdict import Verdict
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import layout
from clodputer.store.spool.requests import approvals, attempts, waits

KEYS: tuple[Key, ...] = approval.KEYS


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. When it was asked first is in the file that says why it waits."""
    decision = approvals.read(context.home, request)
    if not task.approve.mode and decision is None:
        return approval.verdict(task.approve, None, now, now)
    known = attempts.kept(context.home, request.id) if task.approve.mode == approval.PLAN else None
    plan = None if known is None else approval.plan_of(known.story)
    return approval.verdict(task.approve, decision, _since(request, context, now), now, plan)


def _since(request: Request, context: Context, now: float) -> float:
    # In any lane: that of the task may have been changed since it was dropped.
    for lane in layout.lanes(context.home):
        waiting = waits.read(context.home, lane, request.id)
        if waiting is not None and waiting.reason == APPROVAL:
            return waiting.since
    return now
