"""The log read backwards, over its archives too, from the end that it had at one moment; and what came since."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple, Optional

from clodputer.store.doing import doing
from clodputer.store.home import Home
from clodputer.store.log import archive

# So much of the log is looked at, in bytes: with a kilobyte for each run the last 60,000.
FARTHEST = 64 * 1024 * 1024
CHUNK = 256 * 1024
# A longer line is none of ours (store/log/events.py).
LONGEST_LINE = 1024 * 1024
# Of what was logged since, so much is read; after more, all is read anew.
MOST_NEW = 4 * 1024 * 1024
# Lines of ours are no longer (store/log/events.py), so that the end of the last one is found within so many bytes.
END = 65 * 1024


class End(NamedTuple):
    """Where the last whole line of the log ended: the file's inode, 0 without a file, and the offset."""

    inode: int = 0
    offset: int = 0


def end_of(home: Home) -> End:
    """Where it ends now. Raises OSError."""
    try:
        descriptor = os.open(home.log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return End()
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return End()
        begin = max(0, status.st_size - END)
        with doing("reading the end of the log", home.log):
            last = os.pread(descriptor, status.st_size - begin, begin)
        # Another process may be in the middle of writing a line.
        return End(status.st_ino, begin + last.rfind(b"\n") + 1)
    finally:
        os.close(descriptor)


def between(home: Home, before: End, end: End) -> Optional[list[bytes]]:
    """The lines of the log between two ends, the newest first; None when it was archived, is not what it was, or is far on."""
    size = end.offset - before.offset
    if end.inode != before.inode or not 0 < size <= MOST_NEW:
        return None
    try:
        descriptor = os.open(home.log, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(descriptor).st_ino != end.inode:
            return None
        with doing("reading what was logged meanwhile", home.log):
            part = os.pread(descriptor, size, before.offset)
    finally:
        os.close(descriptor)
    return part.split(b"\n")[::-1]


def read(home: Home, end: End) -> Iterator[bytes]:
    """The lines of the log and its archives, the newest first; of the log as it is now, those up to `end`."""
    left = FARTHEST
    seen: set[int] = set()
    # Twice, as the log may be archived between our two looks: what was read as the log is not read again as an archive.
    for path in (home.log, *reversed(archive.archives(home))):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            continue
        try:
            status = os.fstat(descriptor)
            if status.st_ino in seen or not stat.S_ISREG(status.st_mode):
                continue
            seen.add(status.st_ino)
            size = min(status.st_size, end.offset) if status.st_ino == end.inode else status.st_size
            yield from _backwards(path, descriptor, size, max(0, size - left))
            left -= status.st_size
        finally:
            os.close(descriptor)
        if left <= 0:
            return


def _backwards(path: str, descriptor: int, end: int, stop: int) -> Iterator[bytes]:
    """The lines of a file that end before `end`, the last one first, back to the offset `stop`."""
    rest = b""
    while end > stop:
        begin = max(stop, end - CHUNK)
        with doing("reading the log backwards", path):
            part = os.pread(descriptor, end - begin, begin)
        end = begin
        first, *lines = (part + rest).split(b"\n")
        yield from reversed(lines)
        # What is longer than any line of ours is let go, so that a file without line breaks takes no memory.
        rest = first if len(first) <= LONGEST_LINE else b""
    if end == 0:
        yield rest
