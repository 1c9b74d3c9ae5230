"""Retention: which of the things that pile up go; facts in, what goes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


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
