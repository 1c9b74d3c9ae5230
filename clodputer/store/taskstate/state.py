"""The state of tasks: `state/<task>/<version>.json`, of which the highest version is what holds.

A new version is a new file, and the file system lets one writer make it. So of several who start from one version one wins,
without a lock, and a version is there whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.state import VERSIONS
from clodputer.model.text.moment import iso
from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json

# Who made a version, where it was no run.
PERSON = "person"


class Kept(NamedTuple):
    """One version of a state; at: ISO 8601. by: the id of the run that made it, or `person`."""

    version: int = 0
    at: str = ""
    by: str = ""
    value: Mapping[str, Any] = {}

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "value": dict(self.value)}


def read(home: Home, task: str) -> Kept:
    """The state that holds; version 0, without a value, where there is none.

    Raises ClodputerError ("state_damaged"), OSError.
    """
    while True:
        version = newest(home, task)
        if not version:
            return Kept()
        found = _read(home, task, version)
        if found is not None:
            return found
        if os.path.lexists(_path(home, task, version)):
            raise ClodputerError(
                "state_damaged",
                f"{_path(home, task, version)} is not a state",
                f"To use the version before it, remove that file; or: clodputer state delete {task}",
            )
        # Ten newer ones were written meanwhile, and this one was removed.


def history(home: Home, task: str) -> list[Kept]:
    """The versions that are kept, the newest first; damaged ones are passed over. Raises OSError."""
    found = (_read(home, task, version) for version in sorted(_versions(home, task), reverse=True))
    return [kept for kept in found if kept is not None]


def write(home: Home, task: str, base: int, value: Mapping[str, Any], by: str, now: float) -> Optional[Kept]:
    """Put a new version after `base`, at `now` (epoch seconds); None when somebody else has put one there. Raises OSError."""
    kept = Kept(base + 1, iso(now), by, value)
    path = _path(home, task, kept.version)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    if newest(home, task) != base:
        return None
    try:
        atomic.create(path, dumps(kept.to_json(), ensure_ascii=False).encode() + b"\n")
    except FileExistsError:
        return None
    highest = newest(home, task)
    if highest > kept.version + VERSIONS:
        # So many came in between that ours, long outdated, had been removed.
        atomic.remove(path)
        return None
    for version in _versions(home, task):
        if version <= highest - VERSIONS:
            atomic.remove(_path(home, task, version))
    return kept


def change(home: Home, task: str, updated: Callable[[Kept], Mapping[str, Any]], by: str, now: float) -> Kept:
    """Put a new version after whichever holds, as often as it takes; `updated` makes its value. Raises what that raises."""
    while True:
        kept = read(home, task)
        written = write(home, task, kept.version, updated(kept), by, now)
        if written is not None:
            return written


def newest(home: Home, task: str) -> int:
    """The number of the version that holds, damaged or not; 0 for none. Raises OSError."""
    return max(_versions(home, task), default=0)


def written_by(home: Home, task: str, run_id: str) -> Optional[Kept]:
    """The version that a run has made, if it is still kept. Raises OSError."""
    return next((kept for kept in history(home, task) if kept.by == run_id), None)


def _versions(home: Home, task: str) -> list[int]:
    names = (name[:-5] for name in entries(f"{home.state}/{task}") if name.endswith(".json"))
    return [int(name) for name in names if name.isdecimal()]


def _path(home: Home, task: str, version: int) -> str:
    return f"{home.state}/{task}/{version:08}.json"


def _read(home: Home, task: str, version: int) -> Optional[Kept]:
    fields = read_json(_path(home, task, version)) or {}
    value = fields.get("value")
    if not isinstance(value, dict):
        return None
    return Kept(version, str(fields.get("at") or ""), str(fields.get("by") or ""), value)
