"""Waiting: a person who waits for others that write to a repository is told for whom, once it takes longer than a moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Optional

# In seconds: so long nothing is said.
MOMENT = 2.0
# Of the lock file, in bytes: a process id and the end of its line.
_LARGEST = 20

# Says it, with the repository and the process that has it, 0 when that is not known. None for a run, which tells nobody.
Tell = Callable[[str, int], None]
_tell: Optional[Tell] = None


@contextmanager
def telling(tell: Tell) -> Iterator[None]:
    """Until the end of this block, tell whoever waits for whom."""
    global _tell
    before, _tell = _tell, tell
    try:
        yield
    finally:
        _tell = before


def note(descriptor: int) -> None:
    """Write into a lock file that is ours that it is this process that has it. Never raises."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)


def teller(common: str, lock: str, moment: float = MOMENT) -> Callable[[], None]:
    """What is to be called again and again while a lock is waited for: it tells once, after a moment, in seconds."""
    due: Optional[float] = monotonic() + moment

    def look() -> None:
        nonlocal due
        if _tell is not None and due is not None and monotonic() >= due:
            due = None
            _tell(common, _holder(lock))

    return look


def _holder(lock: str) -> int:
    """The process that a lock file names; 0 when it names none."""
    try:
        # A run can put a link or a pipe there.
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        said = os.read(descriptor, _LARGEST).strip()
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(said) if said.isdigit() else 0
