"""Parked items: requests about a thing that no run gets done lie in `parked/`, and new ones about it wait for a person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from json import dumps
from typing import NamedTuple

from clodputer.model.numbers.digest import digest
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason

# In bytes; it says one moment.
LARGEST = 4096


class Parked(NamedTuple):
    """A request that was parked: its file's name in `parked/`, and why."""

    name: str
    reason: Reason


def prefix(request_id: str, task: str, item: str) -> str:
    """What the name of a parked file begins with: by it the item is found without opening anything."""
    return f"{request_id}.{_key(task, item)}."


def is_parked(home: Home, task: str, item: str) -> bool:
    """Whether a request of the task about that item is parked."""
    mark = f".{_key(task, item)}."
    return any(mark in name for name in entries(home.parked) if not aside.is_reason(name))


def everything(home: Home) -> Iterator[Parked]:
    """All that is parked, the latest first."""
    for name in aside.names(home.parked):
        yield Parked(name, aside.read(home.parked, name))


def let_go(home: Home, task: str, item: str, now: float) -> None:
    """Remember that failures about an item before `now` (epoch seconds) count no more. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    fields = {"task": task, "item": item, "at": iso(now)}
    atomic.write(_path(home, task, item), dumps(fields).encode() + b"\n")


def let_go_at(home: Home, task: str, item: str) -> float:
    """When a person last let go of an item (epoch seconds), 0 for never."""
    try:
        fields = loads(plainfile.read(_path(home, task, item), LARGEST).content.decode())
        return parse_moment(fields["at"], 0.0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0.0


def sweep(home: Home, before: float) -> None:
    """Take away what was remembered before that moment (epoch seconds). Raises OSError."""
    for name in entries(_folder(home)):
        if not name.startswith(".") and aside.changed(f"{_folder(home)}/{name}") < before:
            atomic.remove(f"{_folder(home)}/{name}")


def _key(task: str, item: str) -> str:
    return digest(f"{task}\n{item}".encode("utf-8", "replace"), 8)


def _folder(home: Home) -> str:
    return f"{home.ledger}/unparked"


def _path(home: Home, task: str, item: str) -> str:
    return f"{_folder(home)}/{_key(task, item)}.json"
