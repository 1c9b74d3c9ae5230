"""The trigger `at`: once, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Optional

from clodputer.model.config.keys import TEXT, Key
from clodputer.model.schedules import due
from clodputer.model.schedules.due import Entry
from clodputer.model.schedules.policy import MAX_LATE, OVERLAP, fingerprint, moment, policy
from clodputer.model.schedules.ring import Once, Ring
from clodputer.model.schedules.schedule import Moment, on_the_clock
from clodputer.model.task import Trigger
from clodputer.model.text.moment import parse_wall
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone as zones

KEYS = (
    Key(
        "time",
        TEXT,
        None,
        "Due once. A moment without an offset is read by the clock of `timezone`: the first one if the clock shows it twice, "
        "right after the gap if the clock skips it.",
        check=moment,
        required=True,
        takes="moment such as `2026-12-24T18:00:00+01:00`",
        example="2026-12-24T18:00:00+01:00",
    ),
    zones.KEY,
    MAX_LATE,
    OVERLAP,
)
BRINGS: Mapping[str, tuple[str, ...]] = {}


def schedule(trigger: Trigger, zone: tzinfo) -> Moment:
    """Its one slot time."""
    return Moment(_moment(trigger, zone))


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Whether its moment has come, and what becomes of it."""
    rules = policy(trigger, facts.task)
    return due.decide(schedule(trigger, facts.zone), fingerprint(trigger), rules, entry, facts, now)


def alarm(trigger: Trigger) -> Ring:
    """That moment."""
    there = zones.load(trigger.options.get("timezone") or "", {})
    return Ring((Once(_moment(trigger, there)),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `once, at 2026-12-24T18:00:00+01:00`."""
    zone = trigger.options.get("timezone")
    return f"once, at {trigger.options['time']}{f' ({zone})' if zone else ''}"


def _moment(trigger: Trigger, zone: tzinfo) -> int:
    found = parse_wall(trigger.options["time"])
    return on_the_clock(found, zone) if isinstance(found, datetime) else int(found)
