"""What the keys of a trigger amount to: its defaults, its schedule, its policy, and the fingerprint of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from hashlib import blake2b
from typing import Any, NamedTuple, Optional

from clodputer.model import cron
from clodputer.model.moment import parse_moment
from clodputer.model.schedule import Calendar, Interval, Moment, Schedule
from clodputer.model.task import Trigger
from clodputer.model.window import ALWAYS, Window, parse_days, parse_hours

DAY = 86400.0

# A key that is not written has the value it has here.
_POLICY: dict[str, Any] = {
    "catch_up": "latest",
    "max_late": DAY,
    "jitter": 0.0,
    "active": None,
    "overlap": "coalesce",
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "cron": {"timezone": "", **_POLICY},
    "interval": {"anchor": "1970-01-01T00:00:00Z", **_POLICY},
    "at": {"max_late": DAY, "overlap": "coalesce"},
    "file_watch": {"pattern": "*", "event": "any", "debounce": 2.0, "initial": "ignore", "batch": "each"},
    "startup": {"overlap": "coalesce"},
    "manual": {},
}

# These have slot times; `startup` and `file_watch` are asked for in other ways, and `manual` never.
TIMED = ("cron", "interval", "at")

# The keys that say when a trigger is due; the others say what then, and may be changed at any time.
_WHEN = ("schedule", "timezone", "every", "anchor", "time", "active")


class Policy(NamedTuple):
    """What becomes of slot times that are late or come while the task is at work. Durations in seconds.

    jitter: by how much this task's requests come later than their slot times, the same at all times.
    """

    catch_up: str = "latest"
    max_late: float = DAY
    jitter: int = 0
    overlap: str = "coalesce"


def schedule(trigger: Trigger, zone: tzinfo) -> Schedule:
    """The schedule of a trigger that has slot times; `zone` is the one it names, or the system's."""
    options = trigger.options
    if trigger.type == "cron":
        return Calendar(cron.parse(options["schedule"]), zone, window(options.get("active")))
    if trigger.type == "interval":
        anchor = int(parse_moment(options.get("anchor") or DEFAULTS["interval"]["anchor"], 0.0))
        return Interval(int(options["every"]), anchor, zone, window(options.get("active")))
    return Moment(int(parse_moment(options["time"], 0.0)))


def window(active: Optional[Mapping[str, str]]) -> Window:
    """The active hours and days that the key `active` names."""
    if not active:
        return ALWAYS
    begin, end = parse_hours(active["hours"]) if "hours" in active else (ALWAYS.begin, ALWAYS.end)
    return Window(begin, end, parse_days(active["days"]) if "days" in active else ALWAYS.days)


def policy(trigger: Trigger, task: str) -> Policy:
    """What the common keys of a trigger say."""
    options = {**DEFAULTS[trigger.type], **trigger.options}
    return Policy(
        options.get("catch_up", "latest"),
        options.get("max_late", DAY),
        jitter(task, options.get("jitter", 0.0)),
        options.get("overlap", "coalesce"),
    )


def jitter(task: str, longest: float) -> int:
    """This task's own delay, from 0 to before `longest` seconds: the same on every machine and at every time."""
    if longest < 1:
        return 0
    share = int.from_bytes(blake2b(task.encode(), digest_size=8).digest(), "big") / 2**64
    return int(share * longest)


def fingerprint(trigger: Trigger) -> str:
    """What identifies a schedule: with another one, the old one's slot times mean nothing any more."""
    told = [f"{key}={trigger.options[key]}" for key in _WHEN if trigger.options.get(key)]
    return f"{trigger.type}: {'; '.join(told)}" if told else trigger.type
