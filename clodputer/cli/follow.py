"""A run watched from outside while it happens: the lines of its stdout as they come."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import BinaryIO, Optional

from clodputer.store import runs
from clodputer.store.home import Home

# Often enough to look live.
GLANCE = 0.03


def follow(home: Home, task: str, execution: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Each line of the first run of a task, until the exec that runs it has ended. Raises OSError."""
    stream: Optional[BinaryIO] = None
    line = b""
    try:
        while True:
            # Asked before the read: what was written before the end is then surely read.
            over = execution.poll() is not None
            if stream is None:
                stream = _open(home, task)
            while stream is not None and (part := stream.readline()):
                line += part
                if line.endswith(b"\n"):
                    yield line
                    line = b""
            if over:
                if line:
                    yield line
                return
            time.sleep(GLANCE)
    finally:
        if stream is not None:
            stream.close()


def _open(home: Home, task: str) -> Optional[BinaryIO]:
    # Kept open to the end: where a secret is masked afterwards, a new file takes the old one's name.
    for run_id in runs.ids(home, task)[-1:]:
        try:
            return open(f"{runs.folder(home, task, run_id)}/stdout", "rb")
        except FileNotFoundError:
            return None
    return None
