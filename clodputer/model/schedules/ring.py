"""When a scheduler must start an exec for a trigger, as data that every scheduler can render; too often does no harm."""

from __future__ import annotations

from typing import NamedTuple, Union


class Expression(NamedTuple):
    """At the times of a cron expression, by the clock of a zone; "" is the system's.

    fields: the five plain fields, without aliases. delay: how many seconds after each of these times.
    """

    fields: str
    zone: str = ""
    delay: int = 0


class Every(NamedTuple):
    """Every so many seconds, counted from `anchor` (epoch seconds) in both directions, and `delay` seconds later."""

    seconds: int
    anchor: int = 0
    delay: int = 0


class Once(NamedTuple):
    """At one moment (epoch seconds), and `delay` seconds later."""

    at: int
    delay: int = 0


Times = Union[Expression, Every, Once]


class Watch(NamedTuple):
    """When something changes in a folder. deep: changes in the folders below it count as well.

    path: as the trigger writes it, until templates and `~` in it are filled in.
    """

    path: str
    deep: bool = False


class Ring(NamedTuple):
    """All that must start an exec for one trigger or one task; what is empty is left to the sweep.

    startup: once after each start of the computer. catches_up: also when the alarm is set up or loaded again, since what
    came due meanwhile is made up for.
    """

    times: tuple[Times, ...] = ()
    watches: tuple[Watch, ...] = ()
    startup: bool = False
    catches_up: bool = False


NOTHING = Ring()


def together(rings: tuple[Ring, ...]) -> Ring:
    """What several triggers need, as one."""
    return Ring(
        tuple(times for ring in rings for times in ring.times),
        tuple(watch for ring in rings for watch in ring.watches),
        any(ring.startup for ring in rings),
        any(ring.catches_up for ring in rings),
    )


def later(ring: Ring, delay: int) -> Ring:
    """The same, with all its times so many seconds later."""
    return ring._replace(times=tuple(times._replace(delay=times.delay + delay) for times in ring.times))
