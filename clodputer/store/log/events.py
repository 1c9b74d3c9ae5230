"""The execution log: one JSON line for each event, appended whole."""

from __future__ import annotations

import errno
import os
from json import dumps
from typing import Any

from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import iso
from clodputer.store.files.doing import doing
from clodputer.store.home import Home

# One write(2) of this size to a file opened with O_APPEND is never torn by another writer: the kernel holds the inode's lock
# for the whole of it. Longer lines would still be safe on local file systems; the bound keeps `tail` readable.
LONGEST = 64 * 1024


def append(home: Home, masker: Masker, now: float, event: str, **fields: Any) -> None:
    """Append one event; `task`, `request_id` and `run_id` come right after its time and name.

    Without fsync: records are the truth and survive a power cut, the log is their diary. Raises OSError.
    """
    line: dict[str, Any] = {"timestamp": iso(now), "event": event}
    for key in ("task", "request_id", "run_id"):
        line[key] = fields.pop(key, None)
    line.update(fields)
    text = dumps(masker.data(line))
    if len(text) > LONGEST:
        kept = {key: value for key, value in line.items() if len(str(value)) < 1024}
        text = dumps(masker.data({**kept, "shortened": True}))
    data = text.encode() + b"\n"
    with doing("writing the log", home.log):
        descriptor = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            written = os.write(descriptor, data)
            if written < len(data):
                _take_back(descriptor, written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)


def make_durable(home: Home) -> None:
    """Make all that was logged so far survive a power cut, for those whose only source it is. Raises OSError."""
    with doing("writing the log", home.log):
        descriptor = os.open(home.log, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _take_back(descriptor: int, written: int) -> None:
    """Undo the part of a line that a full disk took; if another line follows it by now, make it a line of its own."""
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    if os.fstat(descriptor).st_size == end:
        os.ftruncate(descriptor, end - written)
    else:
        os.write(descriptor, b"\n")
