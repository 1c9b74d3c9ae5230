"""Drop: how requests of our own come into `new/`, and the ledger of dedupe keys, by which one dropped twice stays one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.model.text.moment import iso
from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json
from clodputer.store.spool import layout
from clodputer.store.spool.layout import is_mark
from clodputer.store.spool.placename import parse_place

# How long the key of a slot time holds, in seconds: longer than any exec is away that was killed between the drop and the
# ledger's next line. The key is taken back when the line after that is written.
SLOT_TTL = 366 * 86400.0


class Entry(NamedTuple):
    """The request that answers for a dedupe key; `accepted_at` epoch seconds, `ttl` seconds.

    `dropped` and `inode` name the file it came in as: a drop that a crash left in `new/` is thus known as that same request.
    """

    key: str
    request_id: str
    accepted_at: float
    ttl: float
    dropped: str
    inode: int


class AtWork(NamedTuple):
    """Whether a request from a trigger of the task waits, and whether the task runs."""

    waiting: bool
    running: bool


def written(fields: Mapping[str, Any]) -> bytes:
    """A request as it is written into a file."""
    return dumps(fields).encode() + b"\n"


def drop(home: Home, name: str, fields: Mapping[str, Any]) -> None:
    """Put a request into `new/` as JSON under that file name: the public door, also for ourselves. Raises OSError."""
    atomic.write(f"{home.new}/{name}", written(fields), through=home.tmp)


def put_down(folder: str, requests: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write requests, (file name, fields) each, into one of our folders, from which `deliver` moves them. Raises OSError."""
    for name, fields in requests:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        atomic.write(f"{folder}/{name}", written(fields), durable=True)


def deliver(home: Home, folder: str, names: Sequence[str]) -> None:
    """Move requests that were written to one of our folders, and count as dropped since then, into `new/`. Raises OSError.

    Each by a rename, so that none is ever there twice or nowhere; after a kill the rest is delivered by the next call.
    """
    for name in names:
        os.rename(f"{folder}/{name}", f"{home.new}/{name}")
    if names:
        # Power cuts: the new names first, so that no request is in neither place.
        atomic.sync_folder(home.new)
        atomic.sync_folder(folder)


def drop_slot(
    home: Home, task: str, mark: str, origin: Mapping[str, Any], not_before: Optional[float]
) -> None:
    """Drop the request of a slot time, or a boot, by its mark; done again, it stays one request. Raises OSError."""
    fields: dict[str, Any] = {
        "task": task,
        "dedupe_key": slot_key(task, mark),
        "dedupe_ttl": SLOT_TTL,
        "origin": dict(origin),
    }
    if not_before is not None:
        fields["not_before"] = iso(not_before)
    drop(home, slot_name(task, mark), fields)


def is_slot_dropped(home: Home, task: str, mark: str) -> bool:
    """Whether the request of a mark was dropped already."""
    return _is_new(home, task, mark) or entry(home, slot_key(task, mark)) is not None


def forget_slot(home: Home, task: str, mark: str) -> bool:
    """Take back the dedupe key of a mark that the ledger no longer names; False while its request is not taken in yet."""
    if _is_new(home, task, mark):
        return False
    forget(home, slot_key(task, mark))
    return True


def slot_key(task: str, mark: str) -> str:
    """The dedupe key of a mark. Two triggers of a task that are due at the same moment make one request."""
    return f"slot:{task}:{mark}"


def slot_name(task: str, mark: str) -> str:
    """The file name of a mark's request; '@' is in no task's name."""
    return f"{task}@{mark}.json"


def is_slot_of(dropped: str, task: str) -> bool:
    """Whether a file was dropped by us for a slot time, or a boot, of the task."""
    mark = dropped[len(task) + 1 :] if dropped.startswith(f"{task}@") else ""
    return mark.startswith("boot-") or (mark[:8].isdecimal() and mark[8:9] == "T")


def at_work(home: Home, task: str) -> AtWork:
    """What of the task waits or runs now, by the names in the spool; requests that a person dropped do not count as waiting."""
    waiting = any(is_slot_of(name, task) for name in entries(home.new))
    running = False
    for _, state, folder in layout.everywhere(home):
        found = any(map(partial(_is_at_work, task), entries(folder)))
        waiting = waiting or (found and state != layout.RUNNING)
        running = running or (found and state == layout.RUNNING)
    return AtWork(waiting, running)


def entry(home: Home, key: str) -> Optional[Entry]:
    """The entry of a dedupe key, if there is one. Raises OSError."""
    fields = read_json(_path(home, key))
    try:
        return None if fields is None else Entry(**fields)
    except TypeError:
        return None


def answer(home: Home, entry: Entry) -> None:
    """Let a request answer for its dedupe key from now on. Raises OSError."""
    os.makedirs(home.dedupe, mode=0o700, exist_ok=True)
    atomic.make_way(_path(home, entry.key))
    atomic.write(_path(home, entry.key), dumps(entry._asdict()).encode())


def forget(home: Home, key: str) -> None:
    """Let no request answer for a dedupe key any more. Raises OSError."""
    atomic.remove(_path(home, key))


def _path(home: Home, key: str) -> str:
    return f"{home.dedupe}/{digest(key.encode())}.json"


def _is_new(home: Home, task: str, mark: str) -> bool:
    return os.path.lexists(f"{home.new}/{slot_name(task, mark)}")


def _is_at_work(task: str, name: str) -> bool:
    """Whether a name in a lane is that of a request we dropped for the task, or the mark of a run of the task."""
    if is_mark(name):
        return name.startswith(f"{task}@")
    place = parse_place(name)
    return place is not None and is_slot_of(place.dropped, task)
