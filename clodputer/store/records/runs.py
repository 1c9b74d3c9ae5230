"""Run folders: `runs/<task>/<run-id>/`, one for each attempt, and the records they end with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from errno import EISDIR, ELOOP, ENAMETOOLONG, ENXIO
from typing import Any, Optional

from clodputer.model.request import Request, to_fields
from clodputer.model.text.jsontext import in_lines, loads
from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import compact, parse_compact
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home

# A record holds at most a result of some megabytes.
LARGEST_JSON = 64 * 1024 * 1024
# The file in the folder of a run that was going on when its home was backed up: its processes are not those of this home.
RESTORED = "restored"
# The errors with which opening a folder, a link to itself, or a socket fails.
NO_FILE = (EISDIR, ELOOP, ENAMETOOLONG, ENXIO)


def new_id(now: float, request_id: str) -> str:
    """A run id: the moment first, so that names sort, and the request's id last, so that its attempts are found by name."""
    return f"{compact(now)}-{request_id}"


def moment_of(run_id: str) -> float:
    """The moment in a run id, in epoch seconds. Raises ValueError for what is not a run id."""
    return parse_compact(run_id.partition("-")[0])


def is_id(text: str) -> bool:
    """Whether a text is a whole run id."""
    try:
        moment_of(text)
    except ValueError:
        return False
    return bool(request_of(text))


def request_of(run_id: str) -> str:
    """The request id in a run id."""
    return run_id.partition("-")[2]


def folder(home: Home, task: str, run_id: str) -> str:
    """Where a run's files are."""
    return f"{home.runs}/{task}/{run_id}"


def make(home: Home, task: str, run_id: str, request: Request, masker: Masker) -> str:
    """Make a run's folder with its `request.json` and return its path. Raises OSError."""
    path = folder(home, task, run_id)
    os.makedirs(path, mode=0o700, exist_ok=True)
    write_json(f"{path}/request.json", masker.data(to_fields(request)), durable=False)
    return path


def remove(home: Home, task: str, run_id: str) -> None:
    """Remove the folder of a run that was not started, with all that is in it; what cannot be removed stays."""
    # With shutil come three libraries of compression, which most runs have no use for.
    from shutil import rmtree

    rmtree(folder(home, task, run_id), ignore_errors=True)


def write_json(path: str, value: Mapping[str, Any], *, durable: bool) -> bytes:
    """Write a JSON file for people and programs: a line for each field, whole or not at all. What was written."""
    content = in_lines(value).encode()
    atomic.write(path, content, durable=durable)
    return content


def read_json(path: str) -> Optional[dict[str, Any]]:
    """A JSON object from a file; None when it is missing, no file or no JSON object. Raises OSError."""
    try:
        value = loads(plainfile.read(path, LARGEST_JSON).content.decode())
    except (ValueError, FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in NO_FILE:
            return None
        raise
    return value if isinstance(value, dict) else None


def record(home: Home, task: str, run_id: str) -> Optional[dict[str, Any]]:
    """A run's record, or None while it has none."""
    return read_json(f"{folder(home, task, run_id)}/record.json")


def ids(home: Home, task: str) -> list[str]:
    """The run ids of a task, newest first."""
    return sorted(_names(f"{home.runs}/{task}"), reverse=True)


def tasks(home: Home) -> list[str]:
    """The names of tasks that have runs."""
    return sorted(_names(home.runs))


def records(home: Home, task: str) -> Iterator[dict[str, Any]]:
    """The records of a task, newest first; runs without one are passed over."""
    for run_id in ids(home, task):
        found = record(home, task, run_id)
        if found is not None:
            yield found


def spans(home: Home, task: str, since: float, now: float) -> list[tuple[float, float]]:
    """(start, end) of the task's runs that ended after `since`, newest first; one without a record goes on until `now`."""
    found = []
    for run_id in ids(home, task):
        try:
            start = moment_of(run_id)
        except ValueError:
            continue  # no run of ours
        try:
            end = os.stat(f"{folder(home, task, run_id)}/record.json").st_mtime
        except FileNotFoundError:
            if not os.path.isdir(folder(home, task, run_id)):
                continue  # pruned a moment ago
            end = now
        if end < since:
            break
        found.append((start, end))
    return found


def of_request(home: Home, task: str, request_id: str) -> list[str]:
    """The run ids of one request's attempts, newest first."""
    return [run_id for run_id in ids(home, task) if request_of(run_id) == request_id]


def files(path: str) -> list[tuple[str, int]]:
    """The files in a run's folder with their sizes in bytes, by name."""
    try:
        with os.scandir(path) as found:
            return sorted((entry.name, entry.stat(follow_symlinks=False).st_size) for entry in found)
    except FileNotFoundError:
        return []


def _names(path: str) -> list[str]:
    return [name for name in entries(path) if not name.startswith(".")]
