"""Usage: how much of a subscription's two windows an account has used, as claude's stream and status line say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import finite
from clodputer.model.text.moment import iso, parse_moment

FIVE_HOUR, SEVEN_DAY = "five_hour", "seven_day"
# How long each window lasts, in seconds, and how people call it.
LENGTHS: Mapping[str, float] = {FIVE_HOUR: 5 * 3600.0, SEVEN_DAY: 7 * 86400.0}
WORDS: Mapping[str, str] = {FIVE_HOUR: "5-hour", SEVEN_DAY: "7-day"}

STREAM, STATUS_LINE = "stream", "status_line"

# Clocks that differ by less than this, in seconds, agree. A reset further away than a window is long is nonsense.
CLOCKS_DIFFER = 3600.0
# Two resets that lie no further apart than this, in seconds, are those of one window: a status line may round its own.
SAME_WINDOW = 600.0
# The whole of a window, in percent.
WHOLE = 100.0
# In percent. More than all of a window can be used where extra usage is paid for; beyond this it is nonsense.
MOST_USED = 1000.0


class Share(NamedTuple):
    """How much of a window is used. used: percent. resets_at: when a new window begins, in epoch seconds."""

    used: float
    resets_at: float


class Reading(NamedTuple):
    """A share, when it was seen (epoch seconds) and where: STREAM or STATUS_LINE."""

    used: float
    resets_at: float
    seen_at: float
    source: str


_DIGITS = frozenset("0123456789abcdef")

# By the name of the window.
Shares = Mapping[str, Share]
Readings = Mapping[str, Reading]


def is_account(name: str) -> bool:
    """Whether it is a name that `model/account.account_of` gives."""
    digits = name[len("claude-") :]
    return name == "claude" or (name.startswith("claude-") and len(digits) == 8 and set(digits) <= _DIGITS)


def share(used: Any, resets_at: Any) -> Optional[Share]:
    """The share of these values, if both are numbers that make sense, else None."""
    percent, reset = finite(used), finite(resets_at)
    if percent is None or reset is None or not 0 <= percent <= MOST_USED or reset <= 0:
        return None
    return Share(percent, reset)


def counts(kind: str, resets_at: float, now: float) -> bool:
    """Whether what is said of a window still holds at `now`: its reset is to come, and no further away than it can be."""
    return now < resets_at <= now + LENGTHS[kind] + CLOCKS_DIFFER


def in_force(readings: Readings, now: float) -> dict[str, Reading]:
    """The readings that still hold at `now` (epoch seconds)."""
    return {kind: found for kind, found in readings.items() if counts(kind, found.resets_at, now)}


def with_shares(readings: Readings, shares: Shares, source: str, now: float) -> dict[str, Reading]:
    """What is known after these shares were seen at `now` (epoch seconds); what holds no longer is left out.

    A run's stream says how things are at that moment. A status line may repeat what its session saw hours ago: within one
    window it counts only when it says more, as usage grows until the reset; and never when it is about an earlier window.
    """
    known = in_force(readings, now)
    for kind, found in shares.items():
        if kind not in LENGTHS or not counts(kind, found.resets_at, now):
            continue
        before = known.get(kind)
        if before is None or source == STREAM or _says_more(found, before):
            known[kind] = Reading(found.used, found.resets_at, now, source)
    return known


def _says_more(found: Share, before: Reading) -> bool:
    later = found.resets_at - before.resets_at
    return later > SAME_WINDOW or (later >= -SAME_WINDOW and found.used >= before.used)


def to_json(readings: Readings) -> dict[str, Any]:
    """The readings as plain JSON values; the keys are a promise to programs."""
    return {
        kind: {
            "used_percent": round(found.used, 2),
            "resets_at": iso(found.resets_at),
            "seen_at": iso(found.seen_at),
            "source": found.source,
        }
        for kind, found in sorted(readings.items())
    }


def from_json(fields: Any) -> dict[str, Reading]:
    """The readings that `to_json` wrote. Raises ValueError for anything else."""
    if not isinstance(fields, dict):
        raise ValueError("it does not hold readings of usage")
    try:
        return {kind: _reading(fields[kind]) for kind in LENGTHS if kind in fields}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it does not hold readings of usage ({type(error).__name__})") from None


def _reading(fields: Mapping[str, Any]) -> Reading:
    found = share(fields["used_percent"], parse_moment(fields["resets_at"], 0.0))
    if found is None:
        raise ValueError("a reading in it is not a plausible number")
    source = STATUS_LINE if fields["source"] == STATUS_LINE else STREAM
    return Reading(found.used, found.resets_at, parse_moment(fields["seen_at"], 0.0), source)
