"""How much waits in a lane, counted by names alone: of 100,000 requests none is opened."""

from __future__ import annotations

from typing import NamedTuple, Optional

from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.store.spool.layout import is_place
from clodputer.store.spool.requests import scores


class Count(NamedTuple):
    """How much is queued and delayed; `oldest` is when the oldest queued request was made, in epoch seconds."""

    queued: int
    delayed: int
    oldest: Optional[float]


def in_lane(home: Home, lane: str) -> Count:
    """Count what waits in a lane. Raises OSError when a folder cannot be read."""
    queued, delayed = [], 0
    for state, folder in layout.places(home, lane):
        names = [name for name in entries(folder) if is_place(name)] if state != layout.RUNNING else []
        delayed += len(names) if state == layout.DELAYED else 0
        queued += [names] if state == layout.QUEUED and names else []
    return Count(sum(map(len, queued)), delayed, _oldest(queued, scores.ahead(home, lane)))


def _oldest(queued: list[list[str]], ahead: dict[str, int]) -> Optional[float]:
    if not ahead:
        # A name begins with its microseconds, so the least name is the oldest.
        return min((int(min(names).split(".", 1)[0]) / 1e6 for names in queued), default=None)
    parts = (name.split(".", 3) for names in queued for name in names)
    return min(((int(one[0]) + ahead.get(one[2], 0)) / 1e6 for one in parts), default=None)
