"""How much of the disk Clodputer may take: the keys, and whether what is measured leaves room for another run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import PART, SIZE, Key
from clodputer.model.config.withunit import TERABYTE
from clodputer.model.text.size import format_size

# From this share of a limit on, the doctor says so.
NEARLY = 0.9


class Ceiling(NamedTuple):
    """The most that `trees/` and `runs/` may take, and the least that must be free on the disk; bytes, None for no limit."""

    trees: Optional[int] = None
    runs: Optional[int] = None
    free: Optional[int] = None


class Sizes(NamedTuple):
    """What is there, in bytes; None: not known. at_least: there was no time to measure all of it."""

    trees: Optional[int] = None
    runs: Optional[int] = None
    free: Optional[int] = None
    at_least: bool = False


KEYS = (
    Key(
        "trees",
        SIZE,
        help="The most that the worktrees of runs may take.",
        smallest=1,
        largest=TERABYTE,
        absent="no limit",
        example="20GB",
    ),
    Key(
        "runs",
        SIZE,
        help="The most that the folders of runs may take.",
        smallest=1,
        largest=TERABYTE,
        absent="no limit",
        example="5GB",
    ),
    Key(
        "free",
        SIZE,
        help="How much must be free on the disk of the home.",
        smallest=1,
        largest=TERABYTE,
        absent="no limit",
        example="2GB",
    ),
)


def key(what: str) -> Key:
    """The key `disk_ceiling` of everything or of a lane."""
    return Key(
        "disk_ceiling",
        PART,
        {},
        f"{what} is on hold while the disk is fuller than this; it goes on by itself, within minutes, when there is room. See "
        "[worktrees](worktrees.md#how-much-room-they-take).",
        keys=KEYS,
        absent="no limit",
        example={"trees": "20GB", "free": "2GB"},
    )


def of(settings: Mapping[str, Any], lane: Mapping[str, Any]) -> tuple[Ceiling, ...]:
    """The limits that hold for a lane: those of everything and its own."""
    both = (Ceiling(**settings), Ceiling(**lane.get("disk_ceiling", {})))
    return tuple(ceiling for ceiling in both if ceiling != Ceiling())


def reached(ceiling: Ceiling, sizes: Sizes, share: float = 1.0) -> str:
    """What leaves no room, as a sentence; empty when there is room, or when nobody knows. share: of the limits."""
    most = "at least " if sizes.at_least else ""
    for name, words, limit, size in (
        ("trees", "worktrees take", ceiling.trees, sizes.trees),
        ("runs", "the folders of runs take", ceiling.runs, sizes.runs),
    ):
        if limit is not None and size is not None and size >= limit * share:
            return f"{words} {most}{format_size(size)} of {format_size(limit)} (disk_ceiling: {name})"
    if ceiling.free is not None and sizes.free is not None and sizes.free * share < ceiling.free:
        return f"{format_size(sizes.free)} are free on the disk of at least {format_size(ceiling.free)} (disk_ceiling: free)"
    return ""
