"""The key tables of a task file, gathered from the rooms that declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from clodputer import agents, gates, isolate, triggers
from clodputer.model import channel, expect, guards, limit, limits, memory, proof, retry, score, state
from clodputer.model.follow import keys as follow
from clodputer.model.keys import KINDS, PART, Key, named
from clodputer.model.publish import rule as publish
from clodputer.tasks import own


class Table(NamedTuple):
    """Keys at the top of a task file. agent: the only one that they are for, or empty."""

    keys: tuple[Key, ...]
    agent: str = ""


class Place(NamedTuple):
    """A key and where it stands: `expect.file_exists`, or `trigger.every` of `type: interval`."""

    name: str
    key: Key
    agent: str = ""
    kind: str = ""


@lru_cache(maxsize=1)
def tables() -> tuple[Table, ...]:
    """All that may stand at the top of a task file."""
    return (
        Table(own.KEYS),
        *(Table(agents.load(kind).KEYS, kind) for kind in agents.KINDS),
        Table(limits.KEYS),
        Table(expect.KEYS),
        Table(proof.KEYS),
        Table(guards.KEYS),
        Table(retry.KEYS),
        Table(score.KEYS),
        Table(follow.KEYS),
        Table(limit.KEYS),
        Table(state.KEYS),
        Table(memory.KEYS),
        Table(publish.KEYS),
        Table(channel.KEYS),
        *(Table(gate.KEYS) for gate in gates.GATES if gate.KEYS),
        *(Table(resource.KEYS) for resource in isolate.RESOURCES.values() if resource.KEYS),
    )


@lru_cache(maxsize=1)
def top() -> Mapping[str, Key]:
    """Every key at the top of a task file by its name."""
    return named(key for table in tables() for key in table.keys)


@lru_cache(maxsize=1)
def owners() -> Mapping[str, str]:
    """The keys that only one agent takes, each with that agent."""
    return {key.name: table.agent for table in tables() if table.agent for key in table.keys}


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Mapping[str, tuple[Key, ...]]]:
    """For each key of kind KINDS the types that there are, each with its keys."""
    return {"trigger": {kind: tuple(triggers.load(kind).KEYS) for kind in triggers.names()}}


def walk() -> Iterator[Place]:
    """Every key of every table, those inside of parts too."""
    for table in tables():
        for key in table.keys:
            yield from _below(Place(key.name, key, table.agent))
            if key.kind == KINDS:
                for kind, keys in kinds()[key.name].items():
                    for one in keys:
                        yield from _below(Place(f"{key.name}.{one.name}", one, table.agent, kind))


def _below(place: Place) -> Iterator[Place]:
    yield place
    if place.key.kind == PART:
        for key in place.key.keys:
            yield from _below(place._replace(name=f"{place.name}.{key.name}", key=key))
