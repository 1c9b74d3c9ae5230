"""The key tables of a task file, gathered from the rooms that declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from clodputer import agents, gates, isolate, triggers
from clodputer.model import memory, state
from clodputer.model.config.keys import KINDS, PART, Key, named
from clodputer.model.follow import keys as follow
from clodputer.model.notify import channel
from clodputer.model.proof import expect, guards, proof
from clodputer.model.publish import rule as publish
from clodputer.model.queue import score
from clodputer.model.runs import limit, limits, retry
from clodputer.tasks import own


class Table(NamedTuple):
    """Keys at the top of a task file. agents: those that they are for; empty: all of them."""

    keys: tuple[Key, ...]
    agents: tuple[str, ...] = ()


class Place(NamedTuple):
    """A key and where it stands: `expect.file_exists`, or `trigger.every` of `type: interval`."""

    name: str
    key: Key
    agents: tuple[str, ...] = ()
    kind: str = ""


@lru_cache(maxsize=1)
def tables() -> tuple[Table, ...]:
    """All that may be at the top of a task file."""
    return (
        Table(own.KEYS),
        *of_agents({kind: agents.load(kind).KEYS for kind in agents.KINDS}),
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


def of_agents(keys: Mapping[str, tuple[Key, ...]]) -> Iterator[Table]:
    """The keys of the agents in their order, each once and with all that take it.

    Raises ValueError when two agents mean different things by one name.
    """
    one_of: dict[str, Key] = {}
    takers: dict[str, list[str]] = {}
    for agent, table in keys.items():
        for key in table:
            if one_of.setdefault(key.name, key) is not key:
                raise ValueError(f"the key {key.name} is declared twice, also by {agent}")
            takers.setdefault(key.name, []).append(agent)
    for same, group in groupby(one_of.values(), lambda key: tuple(takers[key.name])):
        yield Table(tuple(group), same)


@lru_cache(maxsize=1)
def top() -> Mapping[str, Key]:
    """Every key at the top of a task file by its name."""
    return named(key for table in tables() for key in table.keys)


@lru_cache(maxsize=1)
def owners() -> Mapping[str, tuple[str, ...]]:
    """The keys that not every agent takes, each with those that do."""
    return {key.name: table.agents for table in tables() if table.agents for key in table.keys}


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, Mapping[str, tuple[Key, ...]]]:
    """For each key of kind KINDS the types that there are, each with its keys."""
    return {"trigger": {kind: tuple(triggers.load(kind).KEYS) for kind in triggers.names()}}


def walk() -> Iterator[Place]:
    """Every key of every table, those inside parts too."""
    for table in tables():
        for key in table.keys:
            yield from _below(Place(key.name, key, table.agents))
            if key.kind == KINDS:
                for kind, keys in kinds()[key.name].items():
                    for one in keys:
                        yield from _below(Place(f"{key.name}.{one.name}", one, table.agents, kind))


def _below(place: Place) -> Iterator[Place]:
    yield place
    if place.key.kind == PART:
        for key in place.key.keys:
            yield from _below(place._replace(name=f"{place.name}.{key.name}", key=key))
