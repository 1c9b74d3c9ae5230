"""What is known of each watched folder, and the requests that a look at it made, put down and handed over as one.

A trigger's state is a folder `ledger/watch/<task>/<fingerprint>.<generation>/`: `snapshot.json`, and beside it the requests
that are not yet in `spool/new/`. A look that finds changes writes the next generation aside and gives it its name by one
rename, which is the commit: before it nothing has happened, after it the changes are known and their requests exist. Each
request is then moved into `new/` by a rename as well, so it is never there twice and never lost, whenever we are killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from json import dumps
from shutil import rmtree
from typing import Any, NamedTuple, Optional

from clodputer.model.watch import Entry, Version
from clodputer.store import atomic
from clodputer.store.folder import entries as folder_entries
from clodputer.store.home import Home
from clodputer.store.runs import read_json

FILE = "snapshot.json"
DRAFT = "draft"
LOCK = "lock"
FORMAT = 1


class Snapshot(NamedTuple):
    """What the last look left behind.

    entries: the files by their relative paths, as bytes that are no UTF-8 leave them (surrogate escapes); None before the
    first look. root: the folder's (device, inode). trouble: why the last look failed, told once. echoes: see model/watch.py.
    """

    entries: Optional[Mapping[str, Entry]] = None
    root: tuple[int, int] = (0, 0)
    trouble: str = ""
    echoes: int = 0


def folder(home: Home, task: str) -> str:
    """Where the states of a task's triggers are."""
    return f"{home.ledger}/watch/{task}"


def fingerprint(path: str, pattern: str) -> str:
    """What a trigger watches, as a name; one that watches something else has another state, or none."""
    return blake2b(f"{path}\0{pattern}".encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def generations(place: str) -> dict[str, int]:
    """The fingerprints that have a state, each with its newest generation."""
    found: dict[str, int] = {}
    for name in folder_entries(place):
        mark, _, number = name.partition(".")
        if number.isdecimal():
            found[mark] = max(found.get(mark, 0), int(number))
    return found


def read(place: str, mark: str) -> Optional[Snapshot]:
    """The snapshot of a fingerprint; None when there is none, or it is damaged."""
    fields = read_json(f"{_path(place, mark, generations(place).get(mark, 0))}/{FILE}")
    if fields is None or fields.get("format") != FORMAT:
        return None
    try:
        entries = fields["entries"]
        if entries is not None:
            entries = {
                path: Entry(Version(*(int(number) for number in value[:4])), *value[4:])
                for path, value in entries.items()
            }
        return Snapshot(entries, (fields["root"][0], fields["root"][1]), fields["trouble"], fields["echoes"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def write(
    place: str, mark: str, snapshot: Snapshot, requests: Iterable[tuple[str, Mapping[str, Any]]]
) -> None:
    """Commit a snapshot together with the requests, (file name, fields) each, that its changes led to. Raises OSError."""
    generation = generations(place).get(mark, 0)
    requests = tuple(requests)
    if generation and not requests:
        atomic.write(f"{_path(place, mark, generation)}/{FILE}", _bytes(snapshot))
        return
    draft = f"{place}/{DRAFT}"
    rmtree(draft, ignore_errors=True)
    os.mkdir(draft, 0o700)
    _put(f"{draft}/{FILE}", _bytes(snapshot))
    for name, fields in requests:
        _put(f"{draft}/{name}", dumps(fields).encode() + b"\n")
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
        for request in requests:
            os.rename(f"{place}/{name}/{request}", f"{home.new}/{request}")
        if requests:
            # Power cuts: the new names first, so that no request is in neither place.
            atomic.sync_folder(home.new)
            atomic.sync_folder(f"{place}/{name}")
        if int(number) < newest[mark]:
            rmtree(f"{place}/{name}")


def forget(place: str, marks: Iterable[str]) -> None:
    """Remove the states of fingerprints that no trigger has any more; their requests were delivered. Raises OSError."""
    for mark in marks:
        rmtree(_path(place, mark, generations(place)[mark]))


def _path(place: str, mark: str, generation: int) -> str:
    return f"{place}/{mark}.{generation}"


def _bytes(snapshot: Snapshot) -> bytes:
    entries = snapshot.entries
    fields = {
        "format": FORMAT,
        "root": snapshot.root,
        "trouble": snapshot.trouble,
        "echoes": snapshot.echoes,
        "entries": None if entries is None else {path: _row(entry) for path, entry in entries.items()},
    }
    return dumps(fields, separators=(",", ":")).encode() + b"\n"


def _row(entry: Entry) -> list[Any]:
    # A settled file, as nearly all are, in short.
    return [*entry.version] if entry.since is None else [*entry.version, entry.since, entry.new]


def _put(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
