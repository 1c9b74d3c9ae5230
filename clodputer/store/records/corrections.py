"""Corrections: a verdict that was changed after its record was written, beside the record, which stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.records import runs

NAME = "correction.json"


def read(home: Home, task: str, run_id: str) -> Optional[dict[str, Any]]:
    """The correction of a run that holds; None for none. Raises OSError."""
    found = runs.read_json(f"{runs.folder(home, task, run_id)}/{NAME}")
    if found is None or not all(
        isinstance(found.get(key), str) for key in ("outcome", "reason", "message", "at")
    ):
        return None
    return found


def write(home: Home, task: str, run_id: str, verdict: Mapping[str, str], version: str, now: float) -> None:
    """Append a correction; earlier ones are kept in it, the latest first. Raises OSError."""
    path = f"{runs.folder(home, task, run_id)}/{NAME}"
    before = runs.read_json(path)
    earlier = before.pop("earlier", []) if before is not None else []
    listed = [*([before] if before is not None else []), *(earlier if isinstance(earlier, list) else [])]
    fields = {**verdict, "at": iso(now), "version": version, "earlier": listed[:100]}
    runs.write_json(path, fields, durable=True)
