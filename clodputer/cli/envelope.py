"""The one JSON object that every command prints when `--json` is given."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from json import dumps
from typing import Any

from clodputer.model.errors import ClodputerError
from clodputer.store.files.doing import doing

# Raised when a key changes its meaning or goes away; a new key does not count.
VERSION = 1


def build(
    command: str, data: Mapping[str, Any], errors: Iterable[ClodputerError] = (), ok: bool = True
) -> dict[str, Any]:
    """The envelope; `command` is empty when none was recognised."""
    listed = [{"code": error.code, "message": error.message, "hint": error.hint} for error in errors]
    return {"version": VERSION, "command": command, "ok": ok, "data": dict(data), "errors": listed}


def success(command: str, data: Mapping[str, Any]) -> None:
    """Print the envelope of a command that did what it was asked. Raises OSError."""
    write(build(command, data))


def write(envelope: Mapping[str, Any]) -> None:
    """Print an envelope, in plain ASCII: no locale and no half character can be in its way. Raises OSError."""
    with doing("printing the answer", "standard output"):
        sys.stdout.write(dumps(envelope, indent=2, default=str) + "\n")
        sys.stdout.flush()
