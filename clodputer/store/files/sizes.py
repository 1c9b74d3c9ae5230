"""How much room the folders of a home take, measured by a child under a deadline, and remembered for a minute."""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import monotonic
from typing import Any

from clodputer.model.gates.ceiling import Ceiling, Sizes
from clodputer.store.home import Home
from clodputer.store.processes import deadline
from clodputer.store.records import runs

# Measured again when it is older than this, in seconds; and how long it may take, before what was counted so far is taken.
FRESH, LONGEST = 60.0, 15.0
_BLOCK = 512  # st_blocks counts in these, whatever the file system has (stat(2))


def measure(home: Home, wanted: Iterable[Ceiling], now: float) -> Sizes:
    """What the limits ask for. Of folders that do not answer, nothing is known. Raises OSError."""
    names = {name for ceiling in wanted for name, limit in ceiling._asdict().items() if limit is not None}
    found = os.statvfs(home.root) if "free" in names else None
    free = None if found is None else found.f_bavail * found.f_frsize
    folders = {name: getattr(home, name) for name in ("trees", "runs") if name in names}
    if not folders:
        return Sizes(free=free)
    known = _remembered(home, now)
    if not set(folders) <= set(known.get("sizes", {})):
        known = _measured(home, folders, now)
    sizes = known.get("sizes", {})
    return Sizes(sizes.get("trees"), sizes.get("runs"), free, known.get("at_least", False))


def total(folder: str, give_up: float) -> tuple[int, bool]:
    """The bytes that a folder takes on its disk, as far as they were counted at `give_up` (monotonic); whether all were."""
    size, waiting = 0, [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                    except OSError:
                        continue  # gone meanwhile
                    size += status.st_blocks * _BLOCK
        except OSError:
            continue
        if monotonic() > give_up:
            return size, not waiting
    return size, True


def _measured(home: Home, folders: dict[str, str], now: float) -> dict[str, Any]:
    def count() -> dict[str, Any]:
        give_up = monotonic() + LONGEST
        found = {name: total(folder, give_up) for name, folder in folders.items()}
        whole = all(complete for _, complete in found.values())
        return {"sizes": {name: size for name, (size, _) in found.items()}, "at_least": not whole, "at": now}

    try:
        known: dict[str, Any] = deadline.within(2 * LONGEST, count)
    except (TimeoutError, deadline.WorkFailed):
        return {}
    runs.write_json(_path(home), known, durable=False)
    return known


def _remembered(home: Home, now: float) -> dict[str, Any]:
    known = runs.read_json(_path(home)) or {}
    sizes, at = known.get("sizes"), known.get("at")
    sound = isinstance(sizes, dict) and all(isinstance(size, int) for size in sizes.values())
    fresh = isinstance(at, (int, float)) and 0 <= now - at < FRESH
    return known if sound and fresh else {}


def _path(home: Home) -> str:
    return f"{home.cache}/sizes.json"
