"""A run watched from outside while it happens: the lines of its stdout as they come."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Optional

from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.views.runs.stream import Stream, stdout_of

# Often enough to look live.
GLANCE = 0.03


def lines_until(over: Callable[[], bool], begun: Callable[[], Optional[Stream]]) -> Iterator[bytes]:
    """The lines of a run as they come, until it is over and all that it has written is read. Raises OSError.

    begun: opens its stdout; None as long as that is not there.
    """
    stream: Optional[Stream] = None
    try:
        while True:
            # Asked before the read: what was written before the end is then surely read.
            ended = over()
            if stream is None:
                stream = begun()
            if stream is not None:
                yield from stream.rest() if ended else stream.lines()
            if ended:
                return
            time.sleep(GLANCE)
    finally:
        if stream is not None:
            stream.close()


def follow(home: Home, task: str, execution: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Each line of the first run of a task, until the exec that runs it has ended. Raises OSError."""

    def first() -> Optional[Stream]:
        run_id = next(iter(runs.ids(home, task)[-1:]), None)
        return None if run_id is None else stdout_of(runs.folder(home, task, run_id))

    return lines_until(lambda: execution.poll() is not None, first)
