"""One writer of ours at a time for a person's crontab, whatever their homes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.unit import Frame

_PAUSE = 0.02


@contextmanager
def alone(frame: Frame) -> Iterator[None]:
    """Hold the lock that all writers of ours share: one on the account's own folder, which leaves no file behind.

    Waits for it, at most `frame.seconds`; then raises ClodputerError "crontab_busy".
    Where a folder cannot be locked (some network file systems), what is read again before and after has to do.
    """
    try:
        descriptor = os.open(frame.account, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        deadline = time.monotonic() + frame.seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ClodputerError(
                        "crontab_busy",
                        f"another clodputer has been changing the crontab for {frame.seconds:g} seconds",
                        "Wait until it is done, then try again.",
                    ) from None
                time.sleep(_PAUSE)
            except OSError:
                break
        yield
    finally:
        os.close(descriptor)
