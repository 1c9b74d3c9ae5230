"""A regular file read as a whole; nothing else that may have its name holds us up."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from clodputer.store.files.doing import doing


class Plain(NamedTuple):
    """A file's bytes, and its permission bits."""

    content: bytes
    mode: int


def read(path: str, largest: int) -> Plain:
    """Read the file at `path`; of one larger than `largest`, one byte more than that.

    Raises OSError, and ValueError when something other than a file is there.
    """
    with doing("reading a file", path):
        # Not blocking: a pipe of that name would hold up every run.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(number).st_mode
            if not stat.S_ISREG(mode):
                raise ValueError("this is not a regular file")
            return Plain(_read(number, largest + 1), stat.S_IMODE(mode))
        finally:
            os.close(number)


def _read(number: int, left: int) -> bytes:
    parts = []
    while left > 0:
        part = os.read(number, left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
