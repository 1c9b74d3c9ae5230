"""The requests that slot times become: their names in the spool, their dedupe keys, and whether one is there already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Optional

from clodputer.model.moment import iso
from clodputer.model.placename import is_mark
from clodputer.model.request import parse_place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import dedupe, dropfile, layout

# Longer than any exec that was killed between the drop and the ledger's next line is away, in seconds; the key is taken
# back when the line after that is written.
TTL = 366 * 86400.0


class AtWork(NamedTuple):
    """Whether a request from a trigger of the task waits, and whether the task runs."""

    waiting: bool
    running: bool


def drop(home: Home, task: str, mark: str, origin: Mapping[str, Any], not_before: Optional[float]) -> None:
    """Drop the request of a mark; however often that is done, it is one request. Raises OSError."""
    fields: dict[str, Any] = {
        "task": task,
        "dedupe_key": key(task, mark),
        "dedupe_ttl": TTL,
        "origin": dict(origin),
    }
    if not_before is not None:
        fields["not_before"] = iso(not_before)
    dropfile.drop(home, name(task, mark), fields)


def is_dropped(home: Home, task: str, mark: str) -> bool:
    """Whether the request of a mark was dropped already."""
    return os.path.lexists(f"{home.new}/{name(task, mark)}") or dedupe.read(home, key(task, mark)) is not None


def forget(home: Home, task: str, mark: str) -> bool:
    """Take back the dedupe key of a mark that the ledger no longer names; False while its request is not taken in yet."""
    if os.path.lexists(f"{home.new}/{name(task, mark)}"):
        return False
    dedupe.remove(home, key(task, mark))
    return True


def key(task: str, mark: str) -> str:
    """The dedupe key of a mark. Two triggers of a task that are due at the same moment make one request."""
    return f"slot:{task}:{mark}"


def name(task: str, mark: str) -> str:
    """The file name of a mark's request; '@' stands in no task's name."""
    return f"{task}@{mark}.json"


def at_work(home: Home, task: str) -> AtWork:
    """What of the task waits or runs now, by the names in the spool; requests that a person dropped do not count as waiting."""
    waiting = any(is_of(entry, task) for entry in entries(home.new))
    running = False
    for lane in layout.lanes(home):
        for state, folder in layout.places(home, lane):
            found = any(map(partial(_is_at_work, task), entries(folder)))
            waiting = waiting or (found and state != layout.RUNNING)
            running = running or (found and state == layout.RUNNING)
    return AtWork(waiting, running)


def _is_at_work(task: str, name: str) -> bool:
    """Whether a name in a lane is that of a request we dropped for the task, or the mark of a run of the task."""
    if is_mark(name):
        return name.startswith(f"{task}@")
    place = parse_place(name)
    return place is not None and is_of(place.dropped, task)


def is_of(dropped: str, task: str) -> bool:
    """Whether a file was dropped by us for a slot time, or a boot, of the task."""
    mark = dropped[len(task) + 1 :] if dropped.startswith(f"{task}@") else ""
    return mark.startswith("boot-") or (mark[:8].isdecimal() and mark[8:9] == "T")
