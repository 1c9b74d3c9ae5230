"""The gate of holds: requests wait while everything, their lane, their task or their account is on hold."""

from __future__ import annotations

from clodputer.model.config.account import account_of
from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import HOLD
from clodputer.model.request import Request, by_hand
from clodputer.model.runs.limit import wake_after
from clodputer.model.task import Task
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.holds import ACCOUNT, ENGINE, Target
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = ()


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A lane on hold claims nothing, so here it is mostly the task or the account that is held.

    What is on its node already does not wait until the engine takes further jobs.
    """
    placed = holds.on_task(context.home, task, now)
    if placed is None or (context.job and placed.hold.reason == ENGINE):
        return _in_turn(task, request, context, now)
    message = f": {placed.hold.message}" if placed.hold.message else ""
    return Wait(placed.hold.until, HOLD, f"{placed.target.words} is on hold ({placed.hold.reason}){message}")


def _in_turn(task: Task, request: Request, context: Context, now: float) -> Verdict:
    """After a usage limit the tasks of an account go on one after the other: together they would meet the next one at once."""
    account = account_of(task)
    if not account or by_hand(request):
        return GO
    over = holds.ended(context.home, Target(ACCOUNT, account), now)
    until = None if over is None or over.until is None else over.until + wake_after(task.name)
    if until is None or until <= now:
        return GO
    return Wait(until, HOLD, f"account {account} was on hold; its tasks go on one after the other")
