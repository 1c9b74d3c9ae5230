"""The gate of `window`: a request waits while so much of its account's usage windows is used that no run is to begin."""

from __future__ import annotations

from clodputer.model.config.account import account_of
from clodputer.model.config.keys import Key
from clodputer.model.gates import windowrule
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import WINDOW
from clodputer.model.request import Request, by_hand
from clodputer.model.task import Task
from clodputer.store import usage
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = windowrule.KEYS


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. A person's own requests pass: whoever asks for a run by hand wants it now."""
    rule = windowrule.both(task.window, context.settings.window)
    account = account_of(task)
    if not account or rule == windowrule.NONE or by_hand(request):
        return GO
    readings = usage.read(context.home, account).readings
    found = windowrule.blocked(rule, readings, now, zone.load("", context.environ)) if readings else None
    return GO if found is None else Wait(found.until, WINDOW, f"Account {account}: {found.message}")
