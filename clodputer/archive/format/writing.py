"""An archive being written: members one after the other, their checksums, and what could not be taken."""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from hashlib import sha256
from io import BytesIO
from types import TracebackType
from typing import IO, NamedTuple

from clodputer.archive.backup import parts
from clodputer.archive.format.manifest import Sum, end_line, sum_line


class Omitted(NamedTuple):
    """A file that is not in the archive, or not as it was, and why. path: as people know it, from the home on."""

    path: str
    why: str


class Writer:
    """The members of one archive. It lives from the manifest to the checksums, and uses little memory however many there are.

    omitted: what was left out or has changed while it was read; the first MOST of them. count: how many members; size: bytes.
    """

    MOST = 1000

    def __init__(self, out: IO[bytes], room: str) -> None:
        """room: a folder for a file without a name, in which checksums wait for the end."""
        self._tar = tarfile.TarFile(fileobj=_Forward(out), mode="w", format=tarfile.PAX_FORMAT)  # type: ignore[arg-type]
        self._sums = tempfile.TemporaryFile(dir=room)
        self._digest = sha256()
        self.count = 0
        self.size = 0
        self.omitted: list[Omitted] = []
        self.omitted_count = 0

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sums.close()
        if kind is None:
            self._tar.close()

    def content(self, path: str, data: bytes, mtime: float, mode: int = 0o600) -> None:
        """Add a file of that content, under its path from the home on. Raises OSError."""
        self._add(f"{parts.HOME}/{path}", len(data), mtime, mode, BytesIO(data), path)

    def top(self, name: str, data: bytes, mtime: float) -> None:
        """Add a file beside the home, such as the manifest. Raises OSError."""
        self._add(name, len(data), mtime, 0o600, BytesIO(data), name)

    def descriptor(self, path: str, descriptor: int, size: int = -1) -> None:
        """Add an open file, its first `size` bytes or as many as it has now. Raises OSError."""
        status = os.fstat(descriptor)
        size = status.st_size if size < 0 else size
        with os.fdopen(os.dup(descriptor), "rb", buffering=0) as file:
            self._add(f"{parts.HOME}/{path}", size, status.st_mtime, stat.S_IMODE(status.st_mode), file, path)

    def file(self, path: str, source: str, *, links: bool = False) -> bool:
        """Add the regular file at `source`; anything else is noted as left out. Whether it is in. Raises OSError of the disk.

        links: one that a link names is taken for what it leads to.
        """
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if links else os.O_NOFOLLOW)
        try:
            descriptor = os.open(source, flags)
        except FileNotFoundError as error:
            if os.path.lexists(source):
                self.omit(path, "a link that leads nowhere")
            elif links:
                self.omit(path, error.strerror or str(error))
            return False
        except OSError as error:
            self.omit(path, "a link" if os.path.islink(source) else error.strerror or str(error))
            return False
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                self.omit(path, _kind(os.fstat(descriptor).st_mode))
                return False
            self.descriptor(path, descriptor)
            return True
        finally:
            os.close(descriptor)

    def omit(self, path: str, why: str) -> None:
        """Note what is left out, and why."""
        self.omitted_count += 1
        if len(self.omitted) < self.MOST:
            self.omitted.append(Omitted(path, why))

    def finish(self, mtime: float) -> None:
        """Add the checksums, as the last member. Raises OSError."""
        self._sums.write(end_line(self.count, self._digest.hexdigest()))
        size = self._sums.tell()
        self._sums.seek(0)
        info = _info(parts.CHECKSUMS, size, mtime, 0o600)
        self._tar.addfile(info, self._sums)

    def _add(self, member: str, size: int, mtime: float, mode: int, file: IO[bytes], said: str) -> None:
        reader = _Exact(file, size)
        self._tar.addfile(_info(member, size, mtime, mode), reader)
        if reader.missing:
            self.omit(said, f"became shorter while it was read: the last {reader.missing} bytes are empty")
        line = sum_line(Sum(member, size, reader.digest.hexdigest()))
        self._digest.update(line)
        self._sums.write(line)
        self.count += 1
        self.size += size


class _Forward:
    """A stream that is only written, as tarfile wants it: it asks where it is."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._at = 0

    def write(self, data: bytes) -> int:
        """Write all of it. Raises OSError."""
        self._out.write(data)
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._at


class _Exact:
    """Exactly so many bytes of a file, filled up when it has fewer, as the size of a member comes before it; summed up."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size
        self.missing = 0
        self.digest = sha256()

    def read(self, most: int = -1) -> bytes:
        """The next bytes, as many as are wanted unless the size is reached. Raises OSError."""
        wanted = self._left if most < 0 else min(most, self._left)
        found = bytearray()
        while len(found) < wanted:
            part = b"" if self.missing else self._file.read(wanted - len(found))
            if not part:
                self.missing += wanted - len(found)
                part = bytes(wanted - len(found))
            found += part
        self._left -= wanted
        self.digest.update(found)
        return bytes(found)


def _info(name: str, size: int, mtime: float, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    # Whole seconds: a fraction would take a header of its own. The owner's name would only say something of this machine.
    info.size, info.mtime, info.mode = size, int(mtime), mode & 0o700
    return info


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder where a file should be",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "not a file")
