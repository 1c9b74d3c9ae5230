"""The trigger `interval`: every so often, counted from an anchor and not from the last run."""

from __future__ import annotations

from datetime import tzinfo
from typing import Optional

from clodputer.model import due
from clodputer.model.decision import Decision, Facts
from clodputer.model.due import Entry
from clodputer.model.keys import DURATION, TEXT, Key
from clodputer.model.moment import format_duration, parse_moment
from clodputer.model.policy import DAY, REPEATED, active, fingerprint, moment, policy, within
from clodputer.model.ring import Every, Ring
from clodputer.model.schedule import Interval
from clodputer.model.task import Trigger
from clodputer.model.withunit import Expected

# No scheduler of an operating system starts anything more often.
SHORTEST = 60.0
ANCHOR = "1970-01-01T00:00:00Z"


def _every(seconds: float) -> float:
    if seconds < SHORTEST or seconds % 1:
        raise Expected(
            "a duration of whole seconds, from 1m on", "; no alarm comes more often than each minute"
        )
    return seconds


KEYS = (
    Key(
        "every",
        DURATION,
        None,
        "Due every so often, counted from the anchor.",
        smallest=0.001,
        largest=366 * DAY,
        check=_every,
        required=True,
        takes="duration, from `1m` on",
        example="15m",
    ),
    Key(
        "anchor",
        TEXT,
        ANCHOR,
        "Where the counting begins, in both directions: `every: 1d` with an anchor at 08:00 is 08:00 each day.",
        check=moment,
        takes="moment",
        example="2026-11-21T08:00:00+01:00",
    ),
    *REPEATED,
)
BRINGS: tuple[str, ...] = ()


def schedule(trigger: Trigger, zone: tzinfo) -> Interval:
    """Its slot times."""
    return Interval(_seconds(trigger), _anchor(trigger), zone, active(trigger.options))


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Which of its slot times have come, and what becomes of them."""
    rules = policy(trigger, facts.task)
    return due.decide(schedule(trigger, facts.zone), fingerprint(trigger), rules, entry, facts, now)


def alarm(trigger: Trigger) -> Ring:
    """All of its slot times, those outside of the active hours too."""
    return Ring(
        (Every(_seconds(trigger), _anchor(trigger)),), catches_up=trigger.options.get("catch_up") != "skip"
    )


def words(trigger: Trigger) -> str:
    """Such as `every 15m, only mon-fri`."""
    return f"every {format_duration(_seconds(trigger))}{within(trigger.options)}"


def _seconds(trigger: Trigger) -> int:
    return int(trigger.options["every"])


def _anchor(trigger: Trigger) -> int:
    return int(parse_moment(trigger.options.get("anchor") or ANCHOR, 0.0))
