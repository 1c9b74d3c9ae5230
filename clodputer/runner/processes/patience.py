"""A limit in seconds on a stretch of our own computing, such as a search with somebody else's pattern."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Optional


class OutOfPatience(Exception):
    """It took longer than it was given."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise OutOfPatience inside the block once it has taken this long.

    By SIGALRM, which breaks into a regular expression too: `re` looks for signals every few thousand steps (tried on
    3.9 and 3.13). Python delivers signals to the main thread only; in any other there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Optional[FrameType]) -> None:  # noqa: ARG001
        raise OutOfPatience

    earlier = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
