"""The trigger `startup`: once after each start of the computer."""

from __future__ import annotations

from typing import Optional

from clodputer.model.decision import Decision, Facts
from clodputer.model.due import Entry, decide_startup
from clodputer.model.policy import OVERLAP, fingerprint, policy
from clodputer.model.ring import Ring
from clodputer.model.task import Task, Trigger
from clodputer.store import boot
from clodputer.store.context import Context

KEYS = (OVERLAP,)
BRINGS: tuple[str, ...] = ()


def look(context: Context, task: Task, trigger: Trigger, entry: Optional[Entry], now: float) -> str:
    """Which start of the computer this is; empty when nothing tells."""
    return boot.identity()


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Whether the computer was started since the last look."""
    return decide_startup(fingerprint(trigger), policy(trigger, facts.task), entry, facts, facts.seen, now)


def alarm(trigger: Trigger) -> Ring:
    """The start of the computer."""
    return Ring(startup=True)


def words(trigger: Trigger) -> str:
    """Such as `when the computer starts`."""
    return "when the computer starts"
