"""The trigger `startup`: once after each start of the computer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from clodputer.model.config.keys import DURATION, Key
from clodputer.model.schedules.due import Entry, decide_startup
from clodputer.model.schedules.policy import DAY, OVERLAP, fingerprint, policy
from clodputer.model.schedules.ring import Ring
from clodputer.model.task import Task, Trigger
from clodputer.model.text.moment import format_duration
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store import boot
from clodputer.store.context import Context

KEYS = (
    Key(
        "after",
        DURATION,
        0.0,
        "How long after the start of the computer the task runs; until then its request waits.",
        smallest=0.0,
        largest=DAY,
        takes="duration up to `1d`",
        example="15m",
    ),
    OVERLAP,
)
BRINGS: Mapping[str, tuple[str, ...]] = {}


def look(context: Context, task: Task, trigger: Trigger, entry: Optional[Entry], now: float) -> str:
    """Which start of the computer this is; empty when it is not known."""
    return boot.identity()


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Whether the computer was started since the last look."""
    rules, later = policy(trigger, facts.task), float(trigger.options.get("after") or 0.0)
    return decide_startup(fingerprint(trigger), rules, entry, facts, facts.seen, now, later)


def alarm(trigger: Trigger) -> Ring:
    """The start of the computer."""
    return Ring(startup=True)


def words(trigger: Trigger) -> str:
    """Such as `when the computer starts`, `15m after the computer starts`."""
    later = trigger.options.get("after")
    return f"{format_duration(later)} after the computer starts" if later else "when the computer starts"
