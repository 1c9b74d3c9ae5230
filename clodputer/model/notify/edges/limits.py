"""What keeps a task from running: holds, an open breaker, a budget, being disabled, and slot times that passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.memory import Handler, Memory, text
from clodputer.model.notify.edges.told import Standing

# What waits for a person's login or payment (model/decide.py), and holds that a person placed (runner/requests/holding.py).
LOCKED_OUT = ("auth", "billing")
BY_HAND = ("paused", "stopped")
# Slot times that passed for a reason that somebody chose.
CHOSEN = ("disabled", "on_hold", "overlap")


def compare(memory: Memory, holds: Iterable[Standing]) -> None:
    """Compare the holds there are now with those that were told."""
    now = memory.now
    there = {hold.target: hold for hold in holds if hold.reason not in BY_HAND}
    for target in [target for target in memory.holds if target not in there]:
        words = str(memory.holds.pop(target).get("words", target))
        title, message = f"{words} goes on", f"The hold on {words} has ended."
        memory.tell(Edge("hold_ended", now, title, message, "clodputer status", item=target))
    for target, hold in there.items():
        known = memory.holds.get(target)
        if known is None or known.get("reason") != hold.reason:
            locked = hold.reason in LOCKED_OUT
            edge = "auth" if locked else "hold"
            title = f"{hold.words} needs you" if locked else f"{hold.words} is on hold"
            lift = f"clodputer resume {hold.option}"
            memory.tell(Edge(edge, now, title, hold.message, lift, item=target))
        memory.holds[target] = {"reason": hold.reason, "until": hold.until, "words": hold.words}


def _breaker_open(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task = text(event, "task")
    title, command = f"{task} is paused by its breaker", f"clodputer reset {task}"
    memory.tell(Edge("breaker", at, title, text(event, "message"), command, task))


def _auto_disabled(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task = text(event, "task")
    title, command = f"{task} is disabled", f"clodputer enable {task}"
    memory.tell(Edge("disabled", at, title, text(event, "message"), command, task, text(event, "run_id")))


def _budget_near(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    used, limit = event.get("used"), event.get("of")
    spent = isinstance(used, (int, float)) and isinstance(limit, (int, float)) and used >= limit
    budget, key, task = text(event, "budget"), text(event, "limit"), text(event, "task")
    edge = "budget_spent" if spent else "budget_near"
    title = f"{budget}: the budget is used up" if spent else f"{budget}: the budget is nearly used up"
    message, command = f"{used} of {limit} ({key}) are used.", "clodputer stats --by task"
    memory.tell(Edge(edge, at, title, message, command, task, item=f"{budget} {key}"))


def _missed(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task, reason = text(event, "task"), text(event, "reason")
    if reason in CHOSEN:
        return
    count = event.get("count") or 1
    slots = f"its slot time {text(event, 'slot_time')}" if count == 1 else f"{count} of its slot times"
    message = f"{slots[0].upper()}{slots[1:]} passed without a run ({reason.replace('_', ' ')})."
    memory.tell(Edge("missed", at, f"{task} missed {slots}", message, f"clodputer why {task}", task))


HANDLERS: Mapping[str, Handler] = {
    "breaker_open": _breaker_open,
    "auto_disabled": _auto_disabled,
    "budget_near": _budget_near,
    "missed": _missed,
}
