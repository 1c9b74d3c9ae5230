"""Moments and durations as people write them, and as records keep them."""

from __future__ import annotations

import re
from datetime import datetime
from time import gmtime, strftime
from typing import Union

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|w)"

# Longer ones are slips of the finger, and the far end of them (infinity) cannot be written as a moment.
LONGEST = 100 * 366 * 86400.0


def parse_duration(text: str) -> float:
    """Seconds in a duration such as `90s`, `30m`, `2h`, `1h30m`, `1d` or `2w`.

    Raises ValueError, with a message fit for a person, for anything else.
    """
    compact = text.strip().lower()
    parts = re.findall(_PART, compact)
    if not parts or re.sub(_PART, "", compact).strip():
        raise ValueError(
            f"not a duration: {text[:40]!r}; write a number and a unit, such as 90s, 30m, 2h or 1d"
        )
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > LONGEST:
        raise ValueError(f"not a duration: {text[:40]!r}; it is longer than 100 years")
    return seconds


def format_duration(seconds: float) -> str:
    """A duration in at most two units, for people: `1h 5m`, `3.2s`, `45ms`."""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s".replace(".0s", "s")
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    named = [(days, "d"), (hours, "h"), (minutes, "m"), (rest, "s")]
    while named and not named[0][0]:
        named.pop(0)
    return " ".join(f"{amount}{unit}" for amount, unit in named[:2] if amount)


def parse_moment(text: str, now: float) -> float:
    """Epoch seconds of an ISO 8601 moment (`2026-11-21T08:00:00+01:00`, `Z`, or local time) or of `+30m` from `now`.

    Raises ValueError, with a message fit for a person, for anything else.
    """
    stripped = text.strip()
    if stripped.startswith("+"):
        return now + parse_duration(stripped[1:])
    iso = stripped[:-1] + "+00:00" if stripped[-1:] in ("Z", "z") else stripped
    try:
        return datetime.fromisoformat(iso).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(
            f"not a moment: {text[:40]!r}; write ISO 8601 such as 2026-11-21T08:00:00+01:00, or +30m"
        ) from None


def moment_or(value: object, otherwise: float) -> float:
    """Epoch seconds of the moment that a line of a log or an answer names; `otherwise` where it names none."""
    try:
        return parse_moment(str(value), otherwise)
    except ValueError:
        return otherwise


def parse_wall(text: str) -> Union[float, datetime]:
    """Epoch seconds of a moment with an offset; one without is a time on the clock of a place, which is to be known yet.

    Raises ValueError.
    """
    stripped = text.strip()
    iso = stripped[:-1] + "+00:00" if stripped[-1:] in ("Z", "z") else stripped
    found = datetime.fromisoformat(iso)
    return found if found.tzinfo is None else found.timestamp()


def iso(epoch: float) -> str:
    """A moment in UTC with milliseconds: `2026-11-21T01:25:00.123Z`."""
    return _written("%Y-%m-%dT%H:%M:%S", epoch)


def compact(epoch: float) -> str:
    """A moment in UTC that sorts and may be in a file name: `20261121T012500.123Z`."""
    return _written("%Y%m%dT%H%M%S", epoch)


def parse_compact(text: str) -> float:
    """The moment, in epoch seconds, that `compact` wrote. Raises ValueError."""
    day, clock = f"{text[:4]}-{text[4:6]}-{text[6:8]}", f"{text[9:11]}:{text[11:13]}:{text[13:19]}"
    epoch = datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()
    if compact(epoch) != text:
        raise ValueError(f"not a moment as file names have it: {text[:40]!r}")
    return epoch


def _written(form: str, epoch: float) -> str:
    # Rounded, not cut off: 17179869184.906 is a hair less as a float, and must be read back as what it was.
    seconds, milliseconds = divmod(round(epoch * 1000), 1000)
    return f"{strftime(form, gmtime(seconds))}.{milliseconds:03d}Z"
