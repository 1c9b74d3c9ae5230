"""The folder of a sandbox at its end: what was lent to the run goes back, what it must not have made is put aside."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from shutil import rmtree
from typing import Any

from clodputer.isolate import scratch
from clodputer.isolate.sandbox import aside, leftovers, login, proxy

NOTES = "after.json"


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
    notes = notes_of(box)
    return [
        *aside.put_aside(map(str, notes.get("absent") or ())),
        *leftovers.after(notes.get("before") or {}),
    ]


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
