"""What a run writes: read while it is written, counted, and kept below a size."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

from clodputer.agents.lines import Lines
from clodputer.store.files.doing import doing

# Small beside the memory that we may use: a chunk of empty lines becomes objects of many times its size.
CHUNK = 256 * 1024
TAIL = 8 * 1024


class Output:
    """Both output files of a run, from its start to its end.

    Files, never pipes: a grandchild that keeps them open delays nobody.
    """

    def __init__(self, stdout_path: str, stderr_path: str, most: int) -> None:
        """Make both, unless they are there. Raises OSError."""
        self.most = most
        self._stdout_path, self._stderr_path = stdout_path, stderr_path
        self.stdout_size = self.stderr_size = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._stdout = os.open(stdout_path, flags, 0o600)
        try:
            self._stderr = os.open(stderr_path, flags, 0o600)
        except OSError:
            os.close(self._stdout)
            raise
        self._offset = 0
        self._lines = Lines()
        self.too_large = False

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stdout)
        os.close(self._stderr)

    def measure(self) -> None:
        """Look how large both are now."""
        with self._at(self._stdout_path):
            self.stdout_size = os.fstat(self._stdout).st_size
            self.stderr_size = os.fstat(self._stderr).st_size
        self.too_large = self.too_large or self.stdout_size + self.stderr_size > self.most
        if self.stdout_size < self._offset and not self.too_large:
            # It has emptied the file itself, as `> /dev/stdout` does; what it writes now is new.
            self._offset = 0
            self._lines.begin_again()

    @property
    def unread(self) -> bool:
        """Whether there is more to read of what was measured."""
        return self._offset < self._end

    @property
    def _end(self) -> int:
        return min(self.stdout_size, self.most)

    def lines(self) -> bytes:
        """The lines that the next chunk of stdout completes, with their newlines; empty when it completes none."""
        with self._at(self._stdout_path):
            data = os.pread(self._stdout, max(0, min(CHUNK, self._end - self._offset)), self._offset)
        if not data:
            self._offset = max(self._offset, self._end)
        self._offset += len(data)
        return self._lines.completed(data)

    def skip(self) -> None:
        """Pass over all that was measured and not yet read."""
        self._offset = max(self._offset, self._end)
        self._lines.begin_again()

    def last_line(self) -> bytes:
        """What follows the last newline."""
        return self._lines.last()

    def _at(self, path: str) -> AbstractContextManager[None]:
        return doing("reading what the run has written", path)

    def trim(self) -> None:
        """Cut both so that together they are no larger than allowed; the smaller one is cut only beyond its half."""
        self.measure()
        if self.stdout_size + self.stderr_size <= self.most:
            return
        half = self.most // 2
        stdout = max(half, self.most - self.stderr_size)
        stderr = self.most - min(stdout, self.stdout_size)
        for descriptor, path, size, most in (
            (self._stdout, self._stdout_path, self.stdout_size, stdout),
            (self._stderr, self._stderr_path, self.stderr_size, stderr),
        ):
            if size > most:
                with doing("cutting what the run has written", path):
                    os.ftruncate(descriptor, most)
        self.stdout_size, self.stderr_size = min(self.stdout_size, stdout), min(self.stderr_size, stderr)

    def stderr_tail(self) -> str:
        """The end of stderr, from the beginning of a line if possible: half of a secret could not be masked."""
        with self._at(self._stderr_path):
            size = os.fstat(self._stderr).st_size
            data = os.pread(self._stderr, TAIL, max(0, size - TAIL))
        if size > TAIL:
            data = data.partition(b"\n")[2] or data
        return data.decode("utf-8", "replace")
