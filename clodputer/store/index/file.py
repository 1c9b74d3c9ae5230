"""The file of the index: which one it is, whether it can be used, and the rebuilding of it when it cannot."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Any

from clodputer.model.errors import ClodputerError
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.index import update
from clodputer.store.log import archive

# How long to wait for another reader that writes down what it has just read, in seconds.
PATIENCE = 60.0


def connect(home: Home, *, anew: bool = False) -> Connection:
    """An open connection to the index, brought up to date; `again`: what is there is damaged, so build another one.

    Where nothing can be written it is built in memory. Raises ClodputerError ("log_unreadable").
    """
    import sqlite3

    try:
        with _alone(home):
            return _on_disk(home, anew)
    except (sqlite3.Error, _Unwritable):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        _update(home, connection)
        return connection


def reopen(home: Home, path: str, inode: int) -> int:
    """A descriptor of the file of the log that was at `path` when it was read, or has been archived since; else -1."""
    for place in (path, *archive.archives(home)):
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        if os.fstat(descriptor).st_ino == inode:
            return descriptor
        os.close(descriptor)
    return -1


class _Unwritable(Exception):
    """The home takes no file of ours."""


def _on_disk(home: Home, anew: bool) -> Connection:
    import sqlite3

    found = _files(home)
    if found and not anew:
        connection = _open(found[0])
        try:
            if update.usable(connection) and _update(home, connection):
                return connection
        except sqlite3.Error:
            pass  # damaged
        connection.close()
    # A new name for each: a journal that a killed process left behind can then only belong to its own file.
    for path in found:
        for leftover in (path, f"{path}-journal"):
            if os.path.lexists(leftover):
                os.unlink(leftover)
    connection = _open(f"{home.cache}/index-{os.urandom(4).hex()}.db")
    _update(home, connection)
    return connection


def _update(home: Home, connection: Connection) -> bool:
    try:
        return update.update(home, connection)
    except BaseException as error:
        connection.close()
        if not isinstance(error, OSError):
            raise
        raise ClodputerError(
            "log_unreadable", f"the execution log cannot be read: {error}", f"Look at {home.log}."
        ) from None


def _open(path: str) -> Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        # After a power cut it may be damaged or behind, and is then rebuilt or goes on from its offsets.
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _files(home: Home) -> list[str]:
    names = [name for name in entries(home.cache) if name.startswith("index-") and name.endswith(".db")]
    return sorted(f"{home.cache}/{name}" for name in names)


@contextmanager
def _alone(home: Home) -> Iterator[Any]:
    """Be the only one who brings the index up to date; others wait their turn, and then have little left to read."""
    try:
        os.makedirs(home.cache, mode=0o700, exist_ok=True)
        descriptor = os.open(f"{home.ledger}/index.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        raise _Unwritable from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
