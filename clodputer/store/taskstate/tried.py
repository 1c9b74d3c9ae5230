"""What the last trial of each task found: `ledger/tried/TASK.json`, written whole."""

from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.rights.effective import Effective, from_json
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home

# In bytes; 256 tools take some 10,000.
LARGEST = 262144
_ENDING = ".json"


class Tried(NamedTuple):
    """accepted: what runs are to have. at: since when, in epoch seconds. seen: what another version of claude gave instead.

    `seen` is there from the moment at which the task was put on hold because of it.
    """

    accepted: Effective
    at: float
    seen: Optional[Effective] = None


def read(home: Home, task: str) -> Optional[Tried]:
    """What is known of a task; None when it was never tried, or its file is damaged: then it is as good as never tried."""
    try:
        fields = loads(plainfile.read(path(home, task), LARGEST).content.decode())
        seen = None if fields["seen"] is None else from_json(fields["seen"])
        return Tried(from_json(fields["accepted"]), parse_moment(fields["at"], 0.0), seen)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(home: Home, task: str, tried: Tried) -> None:
    """Keep it. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    seen = tried.seen and tried.seen.to_json()
    fields = {"accepted": tried.accepted.to_json(), "at": iso(tried.at), "seen": seen}
    atomic.write(path(home, task), dumps(fields).encode() + b"\n")


def tasks(home: Home) -> list[str]:
    """The names of the tasks that were tried. Raises OSError."""
    names = sorted(entries(_folder(home)))
    return [name[: -len(_ENDING)] for name in names if name.endswith(_ENDING) and not name.startswith(".")]


def path(home: Home, task: str) -> str:
    """Where it lies."""
    return f"{_folder(home)}/{task}{_ENDING}"


def _folder(home: Home) -> str:
    return f"{home.ledger}/tried"
