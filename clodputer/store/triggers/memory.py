"""What the triggers of a task that look for themselves remember, and the requests that a look led to, committed as one.

What is remembered of one place that is looked at is a folder `ledger/watch/<task>/<mark>.<generation>/`: `snapshot.json`, and
beside it the requests that are not yet in `spool/new/`. A look that finds something writes the next generation aside and gives
it its name by one rename, which is the commit: before it nothing has happened, after it the changes are known and their
requests exist. Each request is then moved into `new/` by a rename as well, so it is never there twice and never lost, whenever
we are killed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from json import dumps
from typing import Any, Optional

from clodputer.store.files import atomic
from clodputer.store.files.doing import doing
from clodputer.store.folder import entries as folder_entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json
from clodputer.store.spool import drop

FILE = "snapshot.json"
DRAFT = "draft"
LOCK = "lock"
# Held by the child that looks at what a mark stands for, for as long as it lives.
LOOKING = ".looking"


def folder(home: Home, task: str) -> str:
    """Where the memories of a task's triggers are."""
    return f"{home.ledger}/watch/{task}"


def generations(place: str) -> dict[str, int]:
    """The marks that something is remembered of, each with its newest generation."""
    found: dict[str, int] = {}
    for name in folder_entries(place):
        mark, _, number = name.partition(".")
        if number.isdecimal():
            found[mark] = max(found.get(mark, 0), int(number))
    return found


def read(place: str, mark: str) -> Optional[dict[str, Any]]:
    """What is remembered of a mark; None when there is nothing, or it is damaged."""
    return read_json(f"{_path(place, mark, generations(place).get(mark, 0))}/{FILE}")


def write(
    place: str, mark: str, fields: Mapping[str, Any], requests: Iterable[tuple[str, Mapping[str, Any]]] = ()
) -> None:
    """Commit what is to be remembered together with the requests, (file name, fields) each. Raises OSError."""
    generation = generations(place).get(mark, 0)
    requests = tuple(requests)
    if generation and not requests:
        atomic.write(f"{_path(place, mark, generation)}/{FILE}", _bytes(fields))
        return
    draft = f"{place}/{DRAFT}"
    _remove(draft, missing=True)
    os.mkdir(draft, 0o700)
    _put(f"{draft}/{FILE}", _bytes(fields))
    for name, request in requests:
        _put(f"{draft}/{name}", _bytes(request))
    atomic.sync_folder(draft)
    os.rename(draft, _path(place, mark, generation + 1))
    atomic.sync_folder(place)


def deliver(home: Home, place: str) -> None:
    """Move the requests that are put down into `new/`, and clear away older generations. Raises OSError."""
    newest = generations(place)
    for name in sorted(folder_entries(place)):
        mark, _, number = name.partition(".")
        if not number.isdecimal():
            continue
        requests = [
            request for request in sorted(folder_entries(f"{place}/{name}")) if request.endswith(".json")
        ]
        requests = [request for request in requests if request != FILE]
        drop.deliver(home, f"{place}/{name}", requests)
        if int(number) < newest[mark]:
            _remove(f"{place}/{name}")


def forget(place: str, marks: Iterable[str]) -> None:
    """Remove what is remembered of marks that no trigger has any more; their requests were delivered. Raises OSError."""
    for mark in marks:
        _remove(_path(place, mark, generations(place)[mark]))
        # A child that is still looking keeps the lock that it has; a second one is the worst that can come of it.
        atomic.remove(f"{place}/{mark}{LOOKING}")


def sweep(home: Home, tasks: Collection[str], before: float) -> None:
    """Remove what is remembered of tasks that are not among these, where nothing has changed since `before` (epoch seconds).

    Requests that a look led to are delivered first. Raises OSError.
    """
    above = f"{home.ledger}/watch"
    for task in folder_entries(above):
        place = f"{above}/{task}"
        if task in tasks or not os.path.isdir(place):
            continue
        parts = (place, *(f"{place}/{name}" for name in folder_entries(place)))
        if max(os.lstat(part).st_mtime for part in parts) < before:
            deliver(home, place)
            _remove(place)


def _remove(folder: str, *, missing: bool = False) -> None:
    # With shutil come three libraries of compression, which most runs have no use for.
    from shutil import rmtree

    rmtree(folder, ignore_errors=missing)


def _path(place: str, mark: str, generation: int) -> str:
    return f"{place}/{mark}.{generation}"


def _bytes(fields: Mapping[str, Any]) -> bytes:
    return dumps(fields, separators=(",", ":")).encode() + b"\n"


def _put(path: str, data: bytes) -> None:
    with doing("writing down what a trigger has seen", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
