"""The events of the execution log since a place in it, also when it was archived meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

from clodputer.model.text.jsontext import loads
from clodputer.store.home import Home
from clodputer.store.log import archive

# So much is read at once, in bytes; what is left is read at the next time.
MOST = 8 * 1024 * 1024


class Place(NamedTuple):
    """A place in the log: the number of its file, and how many bytes of that were read."""

    inode: int
    offset: int


def end(home: Home) -> Place:
    """The end of the log as it is now. Raises OSError."""
    try:
        status = os.stat(home.log)
    except FileNotFoundError:
        return Place(0, 0)
    return Place(status.st_ino, status.st_size)


def read(home: Home, place: Place) -> tuple[list[dict[str, Any]], Place, bool]:
    """The events since `place`, the oldest first; where to go on, and whether there are more of them already.

    When its file is gone, pruned or removed by a person, the log as it is now is read from its beginning. Raises OSError.
    """
    events: list[dict[str, Any]] = []
    left = MOST
    for path in _from(home, place):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            continue
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                continue
            offset = place.offset if status.st_ino == place.inode else 0
            if offset > status.st_size:
                offset = 0  # shortened by a person
            data = os.pread(descriptor, left, offset)
        finally:
            os.close(descriptor)
        whole = data[: data.rfind(b"\n") + 1]
        events += _parsed(whole)
        place, left = Place(status.st_ino, offset + len(whole)), left - len(data)
        if left <= 0:
            break
    return events, place, left <= 0


def _from(home: Home, place: Place) -> list[str]:
    """The files of the log from the one of that place on, the oldest first."""
    paths = [*archive.archives(home), home.log]
    for number in range(len(paths) - 1, -1, -1):
        try:
            if os.stat(paths[number]).st_ino == place.inode:
                return paths[number:]
        except OSError:
            continue
    return [home.log]


def _parsed(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n"):
        try:
            event = loads(line.decode())
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event
