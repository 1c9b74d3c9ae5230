"""A run watched from outside while it happens: the lines of its stdout as they come."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Optional

from clodputer.agents.lines import Lines
from clodputer.store import runs
from clodputer.store.home import Home

# Often enough to look live.
GLANCE = 0.03
CHUNK = 256 * 1024


class Stream:
    """A run's stdout, read as it grows; of a line that no agent would read, only so much that this is seen.

    Kept open to the end: where a secret is masked afterwards, a new file takes the old one's name.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb", buffering=0)
        self._lines = Lines()

    def lines(self) -> list[bytes]:
        """The lines that the next piece completes, without their newlines; none when there is nothing new."""
        return self._lines.completed(self._file.read(CHUNK) or b"").split(b"\n")[:-1]

    def rest(self) -> Iterator[bytes]:
        """All lines that are still to come of what is written by now, the last with or without its newline."""
        while True:
            before = self._file.tell()
            yield from self.lines()
            if self._file.tell() == before:
                break
        last = self._lines.last()
        if last:
            self._lines.begin_again()
            yield last

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


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


def stdout_of(folder: str) -> Optional[Stream]:
    """The stdout in a run's folder; None when it is not yet started. Raises OSError."""
    try:
        return Stream(f"{folder}/stdout")
    except FileNotFoundError:
        return None


def follow(home: Home, task: str, execution: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Each line of the first run of a task, until the exec that runs it has ended. Raises OSError."""

    def first() -> Optional[Stream]:
        run_id = next(iter(runs.ids(home, task)[-1:]), None)
        return None if run_id is None else stdout_of(runs.folder(home, task, run_id))

    return lines_until(lambda: execution.poll() is not None, first)
