"""A search with somebody else's patterns that no line holds up: one that takes too long with a line is stopped there."""

from __future__ import annotations

import signal
import threading
from typing import Any, Optional

from clodputer.triggers.error_log.records import Search

# A search that goes on from one tick of the clock to the one after the next is stopped; in seconds.
TICK = 0.3


class _TooSlow(Exception):
    pass


class Bounded:
    """A search within a time for each line. It uses the alarm of the process, so only one of them is entered at a time, in a
    process that has no other use for it; beside other threads it searches without a bound.

    slow: with how many lines it took too long; nothing was found in them.
    """

    def __init__(self, search: Search) -> None:
        self.search, self.slow = search, 0
        self._ticks: Optional[int] = None
        self._before: Any = None

    def __call__(self, line: str) -> Optional[int]:
        """Where in the line something is found."""
        try:
            self._ticks = 0
            found = self.search(line)
            self._ticks = None
            return found
        except _TooSlow:
            self.slow += 1
            return None

    def __enter__(self) -> Bounded:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGALRM, self._tick)
            signal.setitimer(signal.ITIMER_REAL, TICK, TICK)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._before)

    def _tick(self, *_: object) -> None:
        if self._ticks is None:
            return
        self._ticks += 1
        if self._ticks > 1:
            self._ticks = None
            raise _TooSlow
