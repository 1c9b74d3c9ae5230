"""Stop: the wish that we stop what we are doing, by a signal or by our own hand, and the waiting that it cuts short."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType
from typing import Any, Callable, Optional

# SIGTERM comes from launchd and systemd, SIGINT and SIGHUP from a person's terminal.
REQUESTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """While entered, SIGTERM, SIGINT and SIGHUP end nothing by themselves: `requested` becomes true, `wait` returns.

    reason: empty, or why we are to stop, as an outcome's reason: interrupted. A further signal changes nothing, so
    containment is never cut short. signal: the number of the one that asked, 0 before. cancel: the file whose being there
    cancels the run that we are at, and that run only. newer: tells whether a newer request is to take the place of that run;
    None when none can. meanwhile: what to do before each waiting, for somebody who watches; it must neither raise nor take
    long. Main thread only; a forked child needs one of its own.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.signal = 0
        self.cancel = ""
        self.newer: Optional[Callable[[], bool]] = None
        self.meanwhile: Optional[Callable[[], None]] = None
        self._before: dict[int, Any] = {}
        self._reader = self._writer = self._wakeup_before = -1

    @property
    def requested(self) -> bool:
        """Whether we are to stop."""
        return bool(self.reason)

    def cancelled(self) -> bool:
        """Whether a person has asked for the end of the run that we are at."""
        return bool(self.cancel) and os.path.lexists(self.cancel)

    def asked(self) -> str:
        """Why the run that we are at is to end, if somebody has asked for that: `cancelled` or `replaced`."""
        if self.cancelled():
            return "cancelled"
        return "replaced" if self.newer is not None and self.newer() else ""

    def __enter__(self) -> Stop:
        # A signal that has a handler is also written to this pipe: no select can miss it, however close it was.
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in REQUESTS:
            # Ignored means that somebody wanted it so: nohup, or a shell that put us in the background.
            if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._signalled)
        # Ended children wake us only if this has a handler; were it ignored, their exit status would be lost as well.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _noticed)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self._before.clear()
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float, *more: int) -> None:
        """Return after so many seconds, or as soon as a child ends or a signal asks us to stop.

        more: descriptors; we return as soon as one of them can be read, too.
        """
        if self.meanwhile is not None:
            self.meanwhile()
        if self._reader in select.select([self._reader, *more], [], [], max(0.0, seconds))[0]:
            self.drain()

    def fileno(self) -> int:
        """What becomes readable when `wait` would return, for a select on other things as well."""
        return self._reader

    def drain(self) -> None:
        """Read what made `fileno` readable, so that it is not any more."""
        try:
            while os.read(self._reader, 4096):
                pass
        except BlockingIOError:
            pass

    def _signalled(self, number: int, _frame: Optional[FrameType]) -> None:
        self.reason, self.signal = "interrupted", self.signal or number


def _noticed(_number: int, _frame: Optional[FrameType]) -> None:
    pass
