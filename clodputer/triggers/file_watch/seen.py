"""A look at a watched folder, made in one process and judged in another: what was seen, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.triggers.watch import Version
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.triggers.file_watch import listing
from clodputer.triggers.file_watch.listing import Listing
from clodputer.triggers.file_watch.snapshot import Snapshot


class Seen(NamedTuple):
    """path: the folder, as it was looked for. listing: what is in it; None when it could not be looked at: `trouble` says why.

    runs: (start, end) of the task's runs since the oldest change that the look can have found.
    """

    path: str
    listing: Optional[Listing] = None
    trouble: str = ""
    runs: tuple[tuple[float, float], ...] = ()


def look(home: Home, task: str, path: str, pattern: Any, before: Optional[Snapshot], now: float) -> Seen:
    """Look at a folder and at the runs that changes in it may come from."""
    try:
        found = listing.look(path, pattern, home.root)
    except listing.Unwatchable as error:
        return Seen(path, trouble=str(error))
    known = (before.entries if before else None) or {}
    changed = [
        version.ctime_ns
        for name, version in found.files.items()
        if name not in known or known[name].since is not None or known[name].version != version
    ]
    spans = runs.spans(home, task, min(changed) / 1e9, now) if changed else []
    return Seen(path, found, runs=tuple(spans))


def to_json(seen: Seen) -> dict[str, Any]:
    """What was seen, as JSON has it."""
    return {
        "path": seen.path,
        "listing": None if seen.listing is None else [seen.listing.files, *seen.listing[1:]],
        "trouble": seen.trouble,
        "runs": seen.runs,
    }


def from_json(fields: Mapping[str, Any]) -> Seen:
    """What `to_json` wrote."""
    found = None
    if fields["listing"] is not None:
        files, root, unreadable, single = fields["listing"]
        versions = {name: Version(*numbers) for name, numbers in files.items()}
        found = Listing(versions, (root[0], root[1]), tuple(unreadable), single)
    spans = tuple((start, end) for start, end in fields["runs"])
    return Seen(fields["path"], found, fields["trouble"], spans)
