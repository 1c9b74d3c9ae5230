"""The folder of a sandbox at its end: what was lent to the run goes back, what it must not have made is put aside."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from shutil import rmtree
from typing import Any

from clodputer.isolate import scratch
from clodputer.isolate.sandbox import login, proxy

NOTES = "after.json"
# What a run has made where programs outside would obey it is renamed to this.
ASIDE = ".from-sandbox"


def note(box: str, notes: dict[str, Any]) -> None:
    """Write down what is to be done at the end, before any of it can be needed. Raises OSError."""
    with open(f"{box}/{NOTES}", "w", encoding="utf-8") as file:
        json.dump(notes, file)


def notes_of(box: str) -> dict[str, Any]:
    """What was written down; nothing where nothing was."""
    try:
        with open(f"{box}/{NOTES}", encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def put_aside(box: str) -> list[str]:
    """Rename what was not there before and must not be there now; the paths. May be repeated."""
    found = []
    for path in map(str, notes_of(box).get("absent") or ()):
        if os.path.lexists(path):
            with suppress(OSError):
                os.replace(path, path + ASIDE)
                found.append(path)
    return found


def put_away(box: str) -> None:
    """Undo all of it. May be repeated, and never raises."""
    proxy.stop(box)
    put_aside(box)
    notes = notes_of(box)
    if notes.get("login"):
        with suppress(OSError):
            login.bring_back(box, notes["login"])
    for path in map(str, notes.get("made") or ()):
        with suppress(OSError):
            os.rmdir(path)  # one that something was put into stays
    scratch.undo({"path": box})
    rmtree(box, ignore_errors=True)
