"""Small files copied at the moment they are seen, into a file without a name: what moves on is in the archive all the same."""

from __future__ import annotations

import os
import stat
import tempfile
from types import TracebackType
from typing import NamedTuple, Optional

# A larger file is read later, where it is then.
LARGEST = 1 << 20


class Piece(NamedTuple):
    """A file as it was seen: which it is, and where its copy begins; -1 for one that is too large."""

    inode: int
    size: int
    mtime_ns: int
    mode: int
    offset: int

    @property
    def mtime(self) -> float:
        """In epoch seconds."""
        return self.mtime_ns / 1e9


class Held:
    """The copies, as long as a backup takes. A file that was copied before, and looks as it did, is not read again."""

    def __init__(self, room: str) -> None:
        """room: the folder in which the copies take up space."""
        self._file = tempfile.TemporaryFile(dir=room)
        self._end = 0
        self._known: dict[tuple[int, int, int], Piece] = {}
        self._named: dict[tuple[int, str], Piece] = {}

    def __enter__(self) -> Held:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def take(self, path: str) -> Optional[Piece]:
        """Copy a regular file; None for anything else. Raises FileNotFoundError when it is gone, OSError."""
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        known = self._known.get((status.st_ino, status.st_mtime_ns, status.st_size))
        if known is not None:
            return known
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            mode, size = stat.S_IMODE(status.st_mode), status.st_size
            if size > LARGEST:
                return Piece(status.st_ino, size, status.st_mtime_ns, mode, -1)
            data = b""
            while len(data) <= LARGEST:
                part = os.read(descriptor, LARGEST + 1 - len(data))
                if not part:
                    break
                data += part
        finally:
            os.close(descriptor)
        self._file.seek(self._end)
        self._file.write(data)
        piece = Piece(status.st_ino, len(data), status.st_mtime_ns, mode, self._end)
        self._end += len(data)
        self._known[status.st_ino, status.st_mtime_ns, len(data)] = piece
        return piece

    def request(self, path: str, inode: int) -> Optional[Piece]:
        """The same of a request in a lane, whose file is never changed: known by its number and its name, it is not even asked
        about. Raises FileNotFoundError when it is gone, OSError."""
        key = (inode, path.rpartition("/")[2])
        known = self._named.get(key)
        if known is None:
            known = self.take(path)
            if known is not None and known.inode == inode:
                self._named[key] = known
        return known

    def content(self, piece: Piece) -> bytes:
        """The copy. Raises OSError."""
        self._file.seek(piece.offset)
        return self._file.read(piece.size)
