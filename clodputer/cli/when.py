"""Moments as a person takes them in at a glance: how long ago, how soon, and what something cost."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Optional

from clodputer.cli.ink import ink
from clodputer.model.moment import format_duration
from clodputer.model.outcome import LIMITED, SUCCEEDED

# So much of a run's id is enough for every command that takes one; the random part stands at its end.
SHORT = 8


def ago(moment: float, now: float) -> str:
    """`5m ago`; a clock that went back makes nothing lie ahead."""
    return f"{span(now - moment)} ago"


def run(run_id: str) -> str:
    """The end of a run's id, which `show` takes for it."""
    return run_id[-SHORT:]


def span(seconds: float) -> str:
    """A duration in whole seconds or more: nobody reads the milliseconds of a waiting time."""
    return format_duration(float(max(1, round(seconds)))) if seconds > 0 else "0s"


def soon(moment: float, now: float, zone: Optional[tzinfo] = None) -> str:
    """A moment to come by the clock on the wall, with its date unless it is today: `14:30`, `Mon 08:00`, `2027-01-31 08:00`.

    By another clock than the one on this wall, the zone is named: `Mon 08:00 CET`.
    """
    there = datetime.fromtimestamp(moment).astimezone(zone)
    today = datetime.fromtimestamp(now).astimezone(zone).date()
    days = (there.date() - today).days
    foreign = there.utcoffset() != datetime.fromtimestamp(moment).astimezone().utcoffset()
    clock = f"{there:%H:%M %Z}" if foreign else f"{there:%H:%M}"
    if days == 0:
        return clock
    return f"{there:%a} {clock}" if 0 < days < 7 else f"{there:%Y-%m-%d} {clock}"


def dollars(cost: Optional[float]) -> str:
    """A cost; empty when it is not known."""
    if cost is None:
        return ""
    # A short run costs a fraction of a cent, and `$0.00` would say that it cost nothing.
    return f"${cost:.4f}" if 0 < cost < 0.1 else f"${cost:.2f}"


def ended(outcome: str, reason: str) -> str:
    """How a run ended, with the reason unless it says nothing more."""
    colour = {SUCCEEDED: "green", LIMITED: "yellow", "cancelled": "yellow"}.get(outcome, "red")
    word = ink(outcome, colour)
    return word if reason in ("completed", outcome, "") else f"{word} ({reason})"
