"""The trigger `interval`: every so often, counted from an anchor and not from the last run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Optional, Union

from clodputer.model.config.keys import DURATION, TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.schedules import due
from clodputer.model.schedules.due import Entry
from clodputer.model.schedules.policy import DAY, REPEATED, active, fingerprint, moment, policy, until, within
from clodputer.model.schedules.ring import Every, Expression, Ring, Times
from clodputer.model.schedules.schedule import Days, Interval, on_the_clock
from clodputer.model.task import Trigger
from clodputer.model.text.moment import format_duration, parse_wall
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone as zones

# No scheduler of an operating system starts anything more often.
SHORTEST = 60.0
ANCHOR = "1970-01-01T00:00:00Z"


def _every(seconds: float) -> float:
    if seconds < SHORTEST or seconds % 1:
        raise Expected("a duration of whole seconds, from 1m on", "; alarms come once a minute at most")
    return seconds


KEYS = (
    Key(
        "every",
        DURATION,
        None,
        "The time between slot times, counted from the anchor. Whole days, `1d` or `2w`, can go by the clock: see anchor.",
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
        "Where the counting begins, in both directions. With an offset, or `Z`, real time is counted. Whole days from an "
        "anchor without one go by the clock: `every: 2w` from `2026-11-23T08:00` is 08:00 on every second Monday, all year.",
        check=moment,
        takes="moment",
        example="2026-11-21T08:00",
    ),
    zones.KEY,
    *REPEATED,
)
BRINGS: Mapping[str, tuple[str, ...]] = {}


def schedule(trigger: Trigger, zone: tzinfo) -> Union[Days, Interval]:
    """Its slot times."""
    window, end = active(trigger.options), until(trigger.options, zone)
    clock = _clock(trigger)
    if clock is not None:
        second = clock.hour * 3600 + clock.minute * 60 + clock.second
        return Days(_seconds(trigger) // int(DAY), clock.date(), second, zone, window, end)
    return Interval(_seconds(trigger), _anchor(trigger, zone), zone, window, end)


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Which of its slot times have come, and what becomes of them."""
    rules = policy(trigger, facts.task)
    return due.decide(schedule(trigger, facts.zone), fingerprint(trigger), rules, entry, facts, now)


def alarm(trigger: Trigger) -> Ring:
    """All of its slot times, those outside the active hours too."""
    named = trigger.options.get("timezone") or ""
    clock = _clock(trigger)
    times: Times = Every(_seconds(trigger), _anchor(trigger, zones.load(named, {})))
    if clock is not None:
        times = Expression(f"{clock.minute} {clock.hour} * * *", named, clock.second)
    return Ring((times,), catches_up=trigger.options.get("catch_up") != "skip")


def words(trigger: Trigger) -> str:
    """Such as `every 15m, only mon-fri`, `every 14d at 08:00`."""
    clock = _clock(trigger)
    at = f" at {clock:%H:%M}" if clock is not None else ""
    return f"every {format_duration(_seconds(trigger))}{at}{within(trigger.options)}"


def _seconds(trigger: Trigger) -> int:
    return int(trigger.options["every"])


def _clock(trigger: Trigger) -> Optional[datetime]:
    """The time on the clock from which whole days are counted; None when real time is."""
    found = parse_wall(trigger.options.get("anchor") or ANCHOR)
    return found if isinstance(found, datetime) and _seconds(trigger) % DAY == 0 else None


def _anchor(trigger: Trigger, zone: tzinfo) -> int:
    found = parse_wall(trigger.options.get("anchor") or ANCHOR)
    return on_the_clock(found, zone) if isinstance(found, datetime) else int(found)
