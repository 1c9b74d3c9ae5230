"""Whether anything is to be tidied: two quick looks at the disk, which an exec that has run something takes at its end."""

from __future__ import annotations

import os

from clodputer.store.home import Home

# How long after one pruning the next one comes, in seconds.
PAUSE = 86400.0


def archive_due(home: Home, largest: int) -> bool:
    """Whether the execution log is larger than that many bytes. Raises OSError."""
    try:
        return os.stat(home.log).st_size > largest
    except FileNotFoundError:
        return False


def prune_due(home: Home, now: float) -> bool:
    """Whether the last pruning is a day ago, or in a future that the clock has left again."""
    try:
        return abs(now - os.stat(_mark(home)).st_mtime) >= PAUSE
    except FileNotFoundError:
        return True


def pruned(home: Home, now: float) -> None:
    """Note that a pruning came to its end. Raises OSError."""
    os.close(os.open(_mark(home), os.O_WRONLY | os.O_CREAT, 0o600))
    os.utime(_mark(home), (now, now))


def _mark(home: Home) -> str:
    return f"{home.ledger}/pruned"
