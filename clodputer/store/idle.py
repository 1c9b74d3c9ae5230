"""Is there anything to do? The question nearly every `exec` ends with, asked with `os` alone."""

from __future__ import annotations

import os

from clodputer.model.placename import is_mark, is_place
from clodputer.store.home import PRIORITIES, entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.store.home import Home


def has_drops(home: Home) -> bool:
    """Whether anything lies in `new/`. A missing home has none."""
    return count_drops(home) > 0


def count_drops(home: Home) -> int:
    """How many entries lie in `new/`."""
    return len(entries(home.new))


def lanes_with_work(home: Home, now: float) -> list[str]:
    """The lanes in which something is queued, due, or left in the slot; `now` in epoch seconds."""
    try:
        lanes = sorted(os.listdir(home.lanes))
    except FileNotFoundError:
        return []
    return [lane for lane in lanes if _has_work(f"{home.lanes}/{lane}", now)]


def _has_work(folder: str, now: float) -> bool:
    if any(is_place(name) or is_mark(name) for name in entries(f"{folder}/slot-0")):
        return True
    if any(_any_place(f"{folder}/queue/{priority}") for priority in PRIORITIES):
        return True
    return any(due(name, now) for name in entries(f"{folder}/delayed"))


def due(name: str, now: float) -> bool:
    """Whether a delayed request's time has come, from the microseconds its name begins with."""
    return is_place(name) and int(name.split(".", 1)[0]) <= now * 1_000_000


def _any_place(folder: str) -> bool:
    # scandir stops at the first request, where listdir would read a folder of 100,000.
    try:
        with os.scandir(folder) as entries:
            return any(is_place(entry.name) for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return False
