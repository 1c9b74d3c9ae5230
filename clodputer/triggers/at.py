"""The trigger `at`: once, at one moment."""

from __future__ import annotations

from datetime import tzinfo
from typing import Optional

from clodputer.model import due
from clodputer.model.decision import Decision, Facts
from clodputer.model.due import Entry
from clodputer.model.keys import TEXT, Key
from clodputer.model.moment import parse_moment
from clodputer.model.policy import MAX_LATE, OVERLAP, fingerprint, moment, policy
from clodputer.model.ring import Once, Ring
from clodputer.model.schedule import Moment
from clodputer.model.task import Trigger

KEYS = (
    Key(
        "time",
        TEXT,
        None,
        "Due once. A moment without an offset is local time.",
        check=moment,
        required=True,
        takes="moment such as `2026-12-24T18:00:00+01:00`",
        example="2026-12-24T18:00:00+01:00",
    ),
    MAX_LATE,
    OVERLAP,
)
BRINGS: tuple[str, ...] = ()


def schedule(trigger: Trigger, zone: tzinfo) -> Moment:
    """Its one slot time."""
    return Moment(int(parse_moment(trigger.options["time"], 0.0)))


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Whether its moment has come, and what becomes of it."""
    rules = policy(trigger, facts.task)
    return due.decide(schedule(trigger, facts.zone), fingerprint(trigger), rules, entry, facts, now)


def alarm(trigger: Trigger) -> Ring:
    """That moment."""
    return Ring((Once(int(parse_moment(trigger.options["time"], 0.0))),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `once, at 2026-12-24T18:00:00+01:00`."""
    return f"once, at {trigger.options['time']}"
