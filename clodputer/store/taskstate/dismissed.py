"""Advice that a person does not want to see again: one file at the top of the home, by the hash of what would be changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home

# In bytes; and so many are kept, the latest.
LARGEST, MOST = 1024 * 1024, 1000


def read(home: Home) -> Mapping[str, Any]:
    """What was dismissed, by the hash of the change. A file that cannot be read hides nothing."""
    try:
        return _read(home)
    except (ClodputerError, OSError):
        return {}


def fault(home: Home) -> Optional[ClodputerError]:
    """What is wrong with the file; None when it can be read, or is not there. Raises OSError."""
    try:
        _read(home)
    except ClodputerError as error:
        return error
    return None


def add(home: Home, edit: str, task: str, kind: str, now: float) -> None:
    """Dismiss advice at `now` (epoch seconds); while no other program of ours does. Raises ClodputerError, OSError."""
    known = {**_read(home)}
    known.pop(edit, None)
    known[edit] = {"task": task, "kind": kind, "at": iso(now)}
    kept = dict(list(known.items())[-MOST:])
    atomic.write(home.dismissed, dumps({"edits": kept}, indent=1).encode() + b"\n")


def _read(home: Home) -> dict[str, Any]:
    if not os.path.lexists(home.dismissed):
        return {}
    try:
        edits = loads(plainfile.read(home.dismissed, LARGEST).content.decode())["edits"]
        if isinstance(edits, dict):
            return edits
    except (ValueError, KeyError, TypeError):
        pass
    raise ClodputerError(
        "state_damaged",
        f"{home.dismissed} does not list dismissed advice",
        "Look at it, and move it away.",
    )
