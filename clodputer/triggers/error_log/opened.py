"""Log files opened and read, unpacked where they are compressed."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from clodputer.triggers.error_log.parts import PACKED


class Open(NamedTuple):
    """An open log. status: as it was when it was opened. packed: what is read is unpacked."""

    path: str
    file: IO[bytes]
    status: os.stat_result
    packed: bool


@contextmanager
def open_log(path: str) -> Iterator[Open]:
    """A file, unpacked as it is read. Raises OSError, also for what is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        if not path.endswith(PACKED):
            yield Open(path, file, status, packed=False)
            return
        with gzip.open(file) as unpacked:
            yield Open(path, unpacked, status, packed=True)  # type: ignore[arg-type]


def read(file: IO[bytes], most: int) -> bytes:
    """So many bytes, fewer at the end alone. Raises OSError; EOFError and zlib.error for a damaged part."""
    parts = []
    while most > 0 and (some := file.read(most)):
        parts.append(some)
        most -= len(some)
    return b"".join(parts)
