"""What the keys of a trigger amount to: its defaults, its schedule, its policy, and the fingerprint of both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Optional

from clodputer.model import cron
from clodputer.model.moment import parse_moment
from clodputer.model.policy import DAY, Policy, fingerprint, jitter, policy
from clodputer.model.schedule import Calendar, Interval, Moment, Schedule
from clodputer.model.task import Trigger
from clodputer.model.window import ALWAYS, Window, parse_days, parse_hours

__all__ = ["DAY", "DEFAULTS", "TIMED", "Policy", "fingerprint", "jitter", "policy", "schedule", "window"]

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
