"""What becomes of slot times that are late or come while the task is busy: the keys of it, and what they amount to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, tzinfo
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import CHOICE, DURATION, PART, TEXT, Key, defaults
from clodputer.model.config.withunit import Expected
from clodputer.model.numbers.digest import digest
from clodputer.model.request import REPLACE
from clodputer.model.schedules import window
from clodputer.model.schedules.schedule import on_the_clock
from clodputer.model.schedules.window import Active
from clodputer.model.task import Trigger
from clodputer.model.text.moment import parse_moment, parse_wall

DAY = 86400.0
LONGEST_JITTER = DAY
BY_TASK, BY_SLOT = "task", "slot"
LAST_MOMENT = 253402300799.0

# The keys that say when a trigger is due; the others say what then, and may be changed at any time.
_WHEN = ("schedule", "timezone", "every", "anchor", "time", "active", "until")


class Policy(NamedTuple):
    """What becomes of slot times that are late or come while the task is at work. Durations in seconds.

    jitter: by how much this task's requests come later than their slot times, the same at all times. spread: another delay
    for each slot time, of up to so many seconds; it follows from the slot time and the task, `name`.
    """

    catch_up: str = "latest"
    max_late: float = DAY
    jitter: int = 0
    overlap: str = "coalesce"
    spread: int = 0
    name: str = ""

    def delay(self, slot: int) -> int:
        """By how much the request of a slot time comes later."""
        return self.jitter + (jitter(f"{self.name}@{slot}", self.spread) if self.spread else 0)


def _hours(text: str) -> str:
    try:
        window.active(text, "")
    except ValueError as error:
        raise Expected(str(error)) from None
    return text


def _days(text: str) -> str:
    try:
        window.parse_days(text)
    except ValueError as error:
        raise Expected(str(error)) from None
    return text


def _active(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if not value:
        raise Expected("hours, days or both", "; write {hours: 08:00-20:00, days: mon-fri}")
    return value


def _jitter(seconds: float) -> float:
    if seconds > LONGEST_JITTER:
        raise Expected("a duration of up to 1d")
    return seconds


def moment(text: str) -> str:
    """The check of a key that takes one moment. Raises Expected."""
    try:
        good = not text.strip().startswith("+") and 0 <= parse_moment(text, 0.0) <= LAST_MOMENT
    except ValueError:
        good = False
    if not good:
        raise Expected("a moment from 1970 on, such as 2026-11-21T08:00:00+01:00")
    return text


# Of every trigger that becomes due.
OVERLAP = Key(
    "overlap",
    CHOICE,
    "coalesce",
    "What happens to a slot time while the task is busy. `coalesce`: if a request from a trigger still waits, it also covers "
    "this slot time. `queue`: another request waits. `skip`: it is missed while one waits or runs. `replace`: as `coalesce`, "
    "and a run of the task that is going on is ended for the new request (`cancelled`, reason `replaced`).",
    choices=("coalesce", "queue", "skip", REPLACE),
    example="queue",
)
# Of every trigger with slot times.
MAX_LATE = Key(
    "max_late",
    DURATION,
    DAY,
    "A slot time that is late by more than this is missed.",
    smallest=0.001,
    largest=366 * DAY,
    example="2h",
)
# Of every trigger that has slot times again and again.
REPEATED = (
    Key(
        "catch_up",
        CHOICE,
        "latest",
        "What happens to slot times that no exec looked at in time. `latest`: the newest one runs and covers the others. "
        "`all`: each runs. `skip`: none runs that is more than five minutes late.",
        choices=("skip", "latest", "all"),
        example="all",
    ),
    MAX_LATE,
    Key(
        "jitter",
        DURATION,
        0.0,
        "Each task starts later than its slot times by a part of this span, which differs from task to task.",
        smallest=0.0,
        check=_jitter,
        takes="duration up to `1d`",
        example="10m",
    ),
    Key(
        "jitter_by",
        CHOICE,
        BY_TASK,
        "`task`: the jitter is the same at each slot time. `slot`: it differs each time.",
        choices=(BY_TASK, BY_SLOT),
        example=BY_SLOT,
    ),
    Key(
        "active",
        PART,
        None,
        "Slot times outside these hours and days do not count.",
        keys=(
            Key(
                "hours",
                TEXT,
                None,
                "From the first minute up to the last, which is not included; "
                "`22:00-06:00` runs past midnight. Separate several with commas.",
                check=_hours,
                absent="all",
                takes="such as `08:00-20:00` or `08:00-12:00, 14:00-18:00`",
                example="08:00-20:00",
            ),
            Key(
                "days",
                TEXT,
                None,
                "The days on which the hours begin.",
                check=_days,
                absent="all",
                takes="such as `mon-fri` or `mon,wed,sat-sun`",
                example="mon-fri",
            ),
        ),
        check=_active,
        absent="always",
        example={"hours": "08:00-20:00"},
    ),
    Key(
        "until",
        TEXT,
        None,
        "Nothing is due after this moment. A date includes the whole of that day; "
        "without an offset it is by the clock of the zone.",
        check=moment,
        absent="no end",
        takes="moment or date",
        example="2026-12-31",
    ),
    OVERLAP,
)


def active(options: Mapping[str, Any]) -> Active:
    """The active hours and days that the key `active` names."""
    keys = options.get("active") or {}
    return window.active(keys.get("hours", ""), keys.get("days", ""))


def until(options: Mapping[str, Any], zone: tzinfo) -> Optional[int]:
    """The last moment (epoch seconds) at which a trigger may be due, if the key `until` names one; a date is that whole day."""
    text = options.get("until")
    if not text:
        return None
    found = parse_wall(text)
    if isinstance(found, float):
        return int(found)
    whole_day = len(text.strip()) <= len("2026-12-31")
    if whole_day and found.date() < date.max:
        return on_the_clock(found + timedelta(days=1), zone) - 1
    return on_the_clock(found, zone)


def policy(trigger: Trigger, task: str) -> Policy:
    """What the keys of a task's trigger say of it; a key that the kind of trigger does not have is as if not written."""
    options: Mapping[str, Any] = {**defaults(REPEATED), **trigger.options}
    first = Policy(options["catch_up"], options["max_late"], 0, options["overlap"])
    if options["jitter_by"] == BY_SLOT and options["jitter"]:
        return first._replace(spread=int(options["jitter"]), name=task)
    return first._replace(jitter=jitter(task, options["jitter"]))


def jitter(task: str, longest: float) -> int:
    """This task's own delay, from 0 to before `longest` seconds: the same on every machine and at every time."""
    if longest < 1:
        return 0
    share = int(digest(task.encode(), 8), 16) / 2**64
    return int(share * longest)


def fingerprint(trigger: Trigger) -> str:
    """What identifies a schedule: with another one, the old one's slot times mean nothing any more."""
    written = [f"{key}={trigger.options[key]}" for key in _WHEN if trigger.options.get(key)]
    return f"{trigger.type}: {'; '.join(written)}" if written else trigger.type


def within(options: Mapping[str, Any]) -> str:
    """In words, what limits the slot times of a trigger: `, only mon-fri 08:00-20:00 (Asia/Tokyo)`; or nothing."""
    keys: Optional[Mapping[str, Any]] = options.get("active")
    limits = " ".join(str(keys[key]) for key in ("days", "hours") if key in keys) if keys else ""
    zone = options.get("timezone")
    end = f", until {options['until']}" if options.get("until") else ""
    return (f", only {limits}" if limits else "") + end + (f" ({zone})" if zone else "")
