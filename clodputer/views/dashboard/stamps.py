"""How what is shown looks on disk, without reading it: as long as that stays the same, nothing is read again."""

from __future__ import annotations

import os

from clodputer.store.folder import entries
from clodputer.store.home import Home

# The identity, size and time of change of each file or folder, in a fixed order; zeros for what is not there.
Stamps = tuple[tuple[int, int, int], ...]

_NONE = (0, 0, 0)
# A folder in each lane. Of slots there may be more; each is a folder whose change the lane's own does not show.
_OF_LANE = ("delayed", "queue", *(f"queue/{priority}" for priority in range(1, 6)))
MOST_LANES, MOST_SLOTS = 200, 64


def stamps(home: Home) -> Stamps:
    """The stamps of a home. Compare them for equality only: clocks may go back. Never raises."""
    found = [
        home.log,
        home.new,
        home.rejected,
        home.dead,
        home.parked,
        home.closed,
        home.holds,
        home.tasks,
        home.config,
        home.secrets,
        home.outbox,
        home.dead_letters,
        home.lanes,
        home.archive,
    ]
    for lane in _names(home.lanes)[:MOST_LANES]:
        folder = f"{home.lanes}/{lane}"
        slots = [name for name in _names(folder) if name.startswith("slot-") and not name.endswith(".lock")]
        found += [folder, *(f"{folder}/{name}" for name in (*_OF_LANE, *slots[:MOST_SLOTS]))]
    return tuple(map(stamp, found))


def stamp(path: str) -> tuple[int, int, int]:
    """The stamp of one file or folder. Never raises."""
    try:
        status = os.stat(path)
    except OSError:
        return _NONE
    return status.st_ino, status.st_size, status.st_mtime_ns


def _names(folder: str) -> list[str]:
    try:
        return sorted(entries(folder))
    except OSError:
        return []
