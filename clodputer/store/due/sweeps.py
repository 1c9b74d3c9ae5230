"""When the sweep came last: the modification time of one empty file, for whoever watches over this machine."""

import os

from clodputer.store.home import Home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


def note(home: Home) -> None:
    """Note that an exec for all tasks has begun. Never raises: of a disk that is full others tell."""
    path = _path(home)
    try:
        try:
            os.utime(path, follow_symlinks=False)
        except FileNotFoundError:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError:
        return


def age(home: Home, now: float) -> "Optional[float]":
    """How long ago that was at `now`, in seconds; None when there was none yet."""
    try:
        return max(0.0, now - os.stat(_path(home), follow_symlinks=False).st_mtime)
    except OSError:
        return None


def _path(home: Home) -> str:
    return f"{home.ledger}/swept"
