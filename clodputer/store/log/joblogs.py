"""The log files of launchd's jobs: it appends what each exec prints and never shortens them, so this is done here, in place."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from clodputer.store.files.doing import doing
from clodputer.store.folder import entries

# From the first size on, a file is shortened to what was last in it, in bytes.
LARGEST, KEPT = 10_000_000, 1_000_000


def folder(account: str) -> str:
    """Where they are; `account` is the person's home folder."""
    return f"{account}/Library/Logs/clodputer"


def excess(account: str) -> int:
    """How many bytes a shortening would take away."""
    return sum(size - KEPT for _, size in _large(account))


def shorten(account: str) -> int:
    """Shorten those that have grown large; how many bytes went. What cannot be shortened is left: the doctor reports it.

    launchd opens them again for each start and with O_APPEND, as we do, so an exec that is running goes on at the new end. What
    it prints between our reading and our writing may be lost, and after a kill in between so is the rest: these are messages,
    and all that counts is in the execution log.
    """
    gone = 0
    for path, size in _large(account):
        try:
            gone += size - _shortened(path, size)
        except OSError:
            continue
    return gone


def _large(account: str) -> Iterator[tuple[str, int]]:
    for name in sorted(entries(folder(account))):
        path = f"{folder(account)}/{name}"
        try:
            found = os.lstat(path)
        except OSError:
            continue
        if name.endswith(".log") and stat.S_ISREG(found.st_mode) and found.st_size > LARGEST:
            yield path, found.st_size


def _shortened(path: str, size: int) -> int:
    """Keep the end of one file, from the beginning of a line; how many bytes it has now."""
    with doing("shortening the output of the scheduled exec", path):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            kept = os.pread(descriptor, KEPT, size - KEPT)
            kept = kept.partition(b"\n")[2] or kept
            os.ftruncate(descriptor, 0)
            return os.write(descriptor, kept)
        finally:
            os.close(descriptor)
