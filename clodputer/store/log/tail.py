"""The tail of the execution log: each line that is written from now on, also while the log is archived underneath."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from json import loads
from types import TracebackType
from typing import Any, NamedTuple, Optional

from clodputer.store.home import Home
from clodputer.store.log import archive

GLANCE = 0.1
# How long a log that was archived is still read: somebody may have opened it just before, to append a line.
LINGER = 5.0
PART = 1024 * 1024


class Open(NamedTuple):
    """A file of the log that we read: up to where, what of its last line is there, and since when it is archived."""

    descriptor: int
    inode: int
    offset: int
    rest: bytes = b""
    archived: Optional[float] = None


class Tail:
    """From its entering on, what is logged: `with Tail(home) as tail: for event in tail.events(): ...`, without end."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._open: list[Open] = []
        self._archived: set[str] = set()

    def __enter__(self) -> Tail:
        self._look(at_end=True)
        while not self._archived.issuperset(archive.archives(self._home)):
            # Archived between the two looks: what we know of it is not certain, so begin again.
            self.__exit__(None, None, None)
            self._open, self._archived = [], set()
            self._look(at_end=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open:
            os.close(file.descriptor)

    def events(self) -> Iterator[dict[str, Any]]:
        """Each event as it is written; waits for the next one. Raises OSError."""
        while True:
            yield from self.new()
            time.sleep(GLANCE)

    def new(self) -> Iterator[dict[str, Any]]:
        """The events that were written since the last look. Raises OSError."""
        # Looked for first: what is read of the old one afterwards is older than what is in the new one.
        self._look(at_end=False)
        for number, file in enumerate(self._open):
            while part := os.pread(file.descriptor, PART, file.offset):
                *lines, rest = (file.rest + part).split(b"\n")
                file = file._replace(offset=file.offset + len(part), rest=rest)
                self._open[number] = file
                for line in lines:
                    try:
                        event = loads(line)
                    except ValueError:
                        continue
                    if isinstance(event, dict):
                        yield event
        self._let_go()

    def _look(self, *, at_end: bool) -> None:
        """Open the log, if it is another than before, and every one that came and was archived in between."""
        for path in archive.archives(self._home):
            # By name, as names are never used again: the number of a file is, once that file is pruned.
            if path not in self._archived:
                self._archived.add(path)
                if not at_end:
                    self._take(path, archived=time.monotonic())
        self._take(self._home.log, at_end=at_end)

    def _take(self, path: str, *, at_end: bool = False, archived: Optional[float] = None) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        status = os.fstat(descriptor)
        for number, file in enumerate(self._open):
            if file.inode == status.st_ino:
                os.close(descriptor)
                self._open[number] = file._replace(archived=file.archived or archived)
                return
        self._open.append(Open(descriptor, status.st_ino, status.st_size if at_end else 0, b"", archived))

    def _let_go(self) -> None:
        now = time.monotonic()
        for file in [each for each in self._open if each.archived and now - each.archived > LINGER]:
            os.close(file.descriptor)
            self._open.remove(file)
