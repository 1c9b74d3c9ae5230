"""Is there anything to do? The question nearly every `exec` ends with, asked with `os` alone."""

from __future__ import annotations

import os

from clodputer.model.placename import is_place
from clodputer.store.folder import entries
from clodputer.store.spool import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.store.home import Home


def has_drops(home: Home) -> bool:
    """Whether anything lies in `new/`. A missing home has none."""
    return count_drops(home) > 0


def was_blocked(home: Home) -> bool:
    """Whether the last exec could not work (store/blocked.py): its next one finds out whether that is over."""
    return os.path.lexists(f"{home.ledger}/blocked")


def count_drops(home: Home) -> int:
    """How many entries lie in `new/`."""
    return len(entries(home.new))


def slots_with_work(home: Home, now: float) -> list[tuple[str, int]]:
    """The slots, as (lane, number), that are worth trying at `now` (epoch seconds).

    While something is queued or due in a lane, those are all the slots it has on disk; else those in which something was left.
    """
    found = []
    for lane in layout.lanes(home):
        numbers = layout.slot_numbers(home, lane)
        if not _waits(home, lane, now):
            numbers = [number for number in numbers if layout.occupied(layout.slot(home, lane, number))]
        found += [(lane, number) for number in numbers]
    return found


def count_queued(home: Home, lane: str, most: int) -> int:
    """How many requests are queued in a lane; counted up to `most`."""
    found = 0
    for priority in layout.PRIORITIES:
        found += _count_places(layout.queue(home, lane, priority), most - found)
    return found


def _waits(home: Home, lane: str, now: float) -> bool:
    if count_queued(home, lane, 1):
        return True
    return any(due(name, now) for name in entries(layout.delayed(home, lane)))


def due(name: str, now: float) -> bool:
    """Whether a delayed request's time has come, from the microseconds its name begins with."""
    return is_place(name) and int(name.split(".", 1)[0]) <= now * 1_000_000


def _count_places(folder: str, most: int) -> int:
    # scandir stops at the first requests, where listdir would read a folder of 100,000.
    found = 0
    try:
        with os.scandir(folder) as entries:
            while found < most:
                found += is_place(next(entries).name)
    except (StopIteration, FileNotFoundError, NotADirectoryError):
        pass
    return found
