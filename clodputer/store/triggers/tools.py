"""What the runs of tools whose reports triggers read have left: `ledger/tools/<task>.<mark>/<id>/`, and how each has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json, write_json

ENDED = "ended.json"
STDOUT, STDERR = "stdout", "stderr"


def folder(home: Home, task: str, mark: str, run: str = "") -> str:
    """Where the runs of the tool are that a mark stands for, or one of them."""
    place = f"{home.ledger}/tools/{task}.{mark}"
    return f"{place}/{run}" if run else place


def newest(home: Home, task: str, mark: str) -> tuple[str, Optional[Mapping[str, Any]]]:
    """The id of the latest run that has ended, and how it did; ("", None) when there is none."""
    place = folder(home, task, mark)
    for run in sorted(entries(place), reverse=True):
        fields = read_json(f"{place}/{run}/{ENDED}")
        if fields is not None:
            return run, fields
    return "", None


def end(home: Home, task: str, mark: str, run: str, fields: Mapping[str, Any]) -> None:
    """Write down how a run has ended; from then on it counts, and earlier ones are removed. Raises OSError."""
    write_json(f"{folder(home, task, mark, run)}/{ENDED}", fields, durable=True)
    forget(home, task, mark, but=run)


def forget(home: Home, task: str, mark: str, but: str = "") -> None:
    """Remove what the runs have left, but of one."""
    # With shutil come three libraries of compression, which most runs have no use for.
    from shutil import rmtree

    place = folder(home, task, mark)
    for run in entries(place):
        if run != but:
            rmtree(f"{place}/{run}", ignore_errors=True)
    if not but:
        rmtree(place, ignore_errors=True)
