"""A clock that the simulation moves, for commands forked from a process of its own; all else they have from the system."""

from __future__ import annotations

import mmap
import struct
import sys
import time
from pathlib import Path

from tests import warm_server


class Clock:
    """What is added to the time of day, in a file that all commands look at whenever they ask what time it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)

    def time(self) -> float:
        """The moment that commands believe it is, in epoch seconds."""
        added: float = struct.unpack("d", self._shared)[0]
        return time.time() + added

    def set(self, moment: float) -> None:
        """Let it be that moment (epoch seconds), at once and for all of them; it may be an earlier one."""
        self._shared[:] = struct.pack("d", moment - time.time())


def main(descriptor: int, path: str) -> None:
    """Be the process that forks commands (tests/warm_server.py), by the clock in the file at `path`."""
    # As libfaketime does it: before anything of Clodputer is loaded, the time of day is asked elsewhere. Time that passes
    # (time.monotonic) and the times that the system gives to files are as they are.
    with open(path, "rb") as file:
        shared = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
    really = time.time
    time.time = lambda: really() + struct.unpack("d", shared)[0]
    warm_server.main(descriptor)


if __name__ == "__main__":
    main(int(sys.argv[2]), sys.argv[1])
