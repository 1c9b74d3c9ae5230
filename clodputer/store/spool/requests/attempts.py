"""What is known of the runs of a request that is to be run again: a file for each in `attempts/`, named after its id."""

# The dropped file is never written again, so what changes from run to run is here. It is made wholly from the record of the
# latest run and is on disk for good before that request leaves its slot; lost or damaged, it is made from the record again.
from __future__ import annotations

import os
from json import dumps
from typing import Any, Optional

from clodputer.model.runs.attempts import NONE, Attempts, from_json, to_json
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records import runs

# In bytes: twenty runs with what each said and left.
LARGEST = 1024 * 1024

_ENDING = ".json"
# What reading a file raises that we have not written like this.
_FOREIGN = (ValueError, TypeError, KeyError, AttributeError)
# After one of these the request has left the spool, so that another one may have its id.
_LAST = frozenset(("finish", "bury", "park", "close"))


def write(home: Home, request_id: str, attempts: Attempts) -> None:
    """Keep what is known of a request, for good. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    atomic.write(_path(home, request_id), dumps(to_json(attempts)).encode() + b"\n")


def read(home: Home, task: str, request_id: str) -> Attempts:
    """What is known of a request of that task: what was kept, else what its runs' records say. Raises OSError."""
    return kept(home, request_id) or from_records(home, task, request_id)


def kept(home: Home, request_id: str) -> Optional[Attempts]:
    """What the file says; None when there is none, or when it cannot be read."""
    try:
        return from_json(loads(plainfile.read(_path(home, request_id), LARGEST).content.decode()))
    except (OSError, *_FOREIGN):
        return None


def from_records(home: Home, task: str, request_id: str) -> Attempts:
    """What the records of a request's runs say of it, those of an earlier request of that id aside. Raises OSError."""
    least = 1
    for run_id in runs.of_request(home, task, request_id):
        record = runs.record(home, task, run_id)
        if record is None:
            continue  # it died before anything was started
        effects = _mappings(record.get("effects"))
        if any(effect.get("effect") in _LAST for effect in effects):
            break
        attempt = record.get("attempt")
        least = max(least, attempt if isinstance(attempt, int) else 1)
        for effect in effects:
            try:
                found = from_json(effect["attempts"])
            except _FOREIGN:
                continue
            return found._replace(attempt=max(found.attempt, least))
    return NONE._replace(attempt=least)


def forget(home: Home, request_id: str) -> None:
    """Take away what is kept of a request that has ended. Raises OSError."""
    atomic.remove(_path(home, request_id))


def ids(home: Home) -> set[str]:
    """The ids of the requests of which something is kept."""
    return {name[: -len(_ENDING)] for name in entries(_folder(home)) if name.endswith(_ENDING)}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _folder(home: Home) -> str:
    return f"{home.spool}/attempts"


def _path(home: Home, request_id: str) -> str:
    return f"{_folder(home)}/{request_id}{_ENDING}"
