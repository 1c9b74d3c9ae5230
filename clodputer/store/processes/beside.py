"""The process that works beside this one: begun when none of its kind is at work, looked after, and asked to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Optional

from clodputer.store.processes import deadline


class Child:
    """The one of its kind that this process has begun. A process that was forked from this one has begun none."""

    def __init__(self) -> None:
        self._begun: Optional[tuple[int, int]] = None  # by whom, and its process id

    def start(self, work: Callable[[], Any], lock: str) -> bool:
        """Have it do `work` while it holds the file `lock`, unless it is at it; False when another process's is.

        Raises OSError.
        """
        if self.running():
            return True
        try:
            self._begun = (os.getpid(), deadline.beside(work, lock))
        except deadline.StillWorking:
            return False
        return True

    def running(self) -> bool:
        """Whether the one that this process has begun is still there."""
        if self._begun is not None:
            owner, child = self._begun
            if owner != os.getpid() or deadline.is_over(child):
                self._begun = None
        return self._begun is not None

    def end(self) -> None:
        """Ask it to end, by SIGTERM."""
        if self.running() and self._begun is not None:
            with suppress(OSError):
                os.kill(self._begun[1], signal.SIGTERM)

    def kill(self) -> None:
        """End it, by SIGKILL, when it has not ended by itself; what it has started ends with it."""
        if self.running() and self._begun is not None:
            with suppress(OSError):
                os.kill(self._begun[1], signal.SIGKILL)
                os.waitpid(self._begun[1], 0)
