"""Retention: which of the things that pile up go; facts in, what goes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from clodputer.model.config.keys import COUNT, DURATION, SIZE, Key
from clodputer.model.config.withunit import TERABYTE, YEAR

DAY = 86400.0
KB, MB, GB = 1024, 1024**2, 1024**3

# Settings, in the order of the page; their defaults are those of `model/config/settings.py` as well.
KEYS = (
    Key(
        "log_size",
        SIZE,
        10 * MB,
        "From this size on the execution log is archived.",
        KB,
        TERABYTE,
        example="10MB",
    ),
    Key(
        "keep_log_for",
        DURATION,
        183 * DAY,
        "Archived logs, and what jobs of an engine printed, are removed when their last line is older. While any budget is "
        "set, logs of this month stay.",
        3600,
        100 * YEAR,
        example="183d",
    ),
    Key(
        "keep_log_count",
        COUNT,
        1000,
        "Where there are more archived logs, the oldest are removed.",
        1,
        1_000_000,
        example=1000,
    ),
    Key(
        "keep_log_size",
        SIZE,
        GB,
        "Where the archived logs take more room together, the oldest are removed.",
        1,
        TERABYTE,
        example="1GB",
    ),
    Key(
        "keep_runs_for",
        DURATION,
        90 * DAY,
        "Run folders are removed when they are older.",
        3600,
        100 * YEAR,
        example="90d",
    ),
    Key(
        "keep_runs_count",
        COUNT,
        10_000,
        "Where all tasks together have more run folders, the oldest are removed; first of all those of runs whose agent "
        "was not started, as there was nothing to do.",
        1,
        100_000_000,
        example=10_000,
    ),
    Key(
        "keep_runs_size",
        SIZE,
        5 * GB,
        "Where the run folders take more room together, the oldest are removed.",
        1,
        TERABYTE,
        example="5GB",
    ),
)


class Thing(NamedTuple):
    """Something that is kept for a while. `at`: how old it is, as epoch seconds. `needed`: it must not go, whatever its age.

    spare: where there are too many, it goes before all that is not.
    """

    name: str
    at: float
    size: int
    needed: bool = False
    spare: bool = False


class Limits(NamedTuple):
    """How long (seconds), how many, and how many bytes of them all together are kept."""

    age: float
    number: int
    size: int


def outdated(things: Iterable[Thing], limits: Limits, now: float) -> list[Thing]:
    """What goes: all that is too old, then the oldest until the others are few and small enough, each time oldest first.

    What is needed never goes, but counts: it takes its place from the others.
    """
    oldest_first = sorted(things, key=lambda thing: (thing.at, thing.name))
    number, size = len(oldest_first), sum(thing.size for thing in oldest_first)
    going = []
    for thing in sorted(oldest_first, key=lambda thing: (thing.at >= now - limits.age, not thing.spare)):
        if thing.needed:
            continue
        if thing.at < now - limits.age or number > limits.number or size > limits.size:
            going.append(thing)
            number, size = number - 1, size - thing.size
    return going
