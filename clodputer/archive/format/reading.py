"""An archive being read: whatever is in it, nothing is taken that could lie outside the home, or is not a plain file."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import IO, Callable, NamedTuple, Optional

from clodputer.archive.backup import parts
from clodputer.archive.format.manifest import Manifest, Sum, digest_of, read_manifest, sum_line
from clodputer.model.errors import ClodputerError
from clodputer.model.text.jsontext import loads

CHUNK = 1 << 20
# In bytes. A manifest names at most some folders; file systems allow names of 255, and paths of 4096.
LARGEST_MANIFEST, LONGEST_NAME, LONGEST_PATH = 1 << 16, 255, 2048
# Folders in one another; a run's folder has three above it.
DEEPEST = 24
# A header says little: a longer one is there to fill the memory.
LARGEST_HEADER = 1 << 16
MOST = 20_000_000
# In bytes; a line for each member.
LARGEST_LINE = 4 * LONGEST_PATH
# Whatever a stream that is not what it says it is lets tarfile, gzip and zstd raise.
_DAMAGED = (
    tarfile.TarError,
    EOFError,
    zlib.error,
    ValueError,
    OverflowError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    OSError,
)


class Member(NamedTuple):
    """A file of the home in an archive: its path from the home on, bytes, permissions, and time in epoch seconds."""

    path: str
    size: int
    mode: int
    mtime: float


def damaged(why: str) -> ClodputerError:
    """The error of an archive that cannot be restored."""
    return ClodputerError(
        "archive_damaged", f"this archive cannot be restored: {why}", "Nothing was changed."
    )


def problem(path: str) -> str:
    """What is wrong with the path of a member, in words; empty when it may be restored. Pure."""
    if not path or path.startswith("/") or "\0" in path:
        return "its path is not inside a home"
    steps = path.split("/")
    if any(step in ("", ".", "..") for step in steps):
        return "its path leads elsewhere"
    if len(steps) > DEEPEST or len(path.encode("utf-8", "surrogateescape")) > LONGEST_PATH:
        return "its path is too long"
    if any(len(step.encode("utf-8", "surrogateescape")) > LONGEST_NAME for step in steps):
        return "a name in its path is too long"
    if not parts.may_be_restored(steps[0]):
        return "no backup has such a part"
    if (len(steps) == 1) != (steps[0] not in parts.FOLDERS):
        return "it is a file where a folder should be, or the other way round"
    return ""


class Reader:
    """The members of one archive in their order, read once from its beginning to its end.

    `manifest` is known at once. `members` must be gone through to the end: only there it turns out whether all of them are
    what was written, and ClodputerError ("archive_damaged") is raised if not.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        """Raises ClodputerError ("archive_damaged")."""
        self._stream = _Bounded(stream)
        self._sums = sha256()
        self._count = 0
        try:
            self._tar = tarfile.open(fileobj=self._stream, mode="r:")  # type: ignore[call-overload]
            info = self._next()
            if info is None or info.name != parts.MANIFEST or info.size > LARGEST_MANIFEST:
                raise ValueError("it does not begin with the manifest of a backup")
            data = self._content(info).read(LARGEST_MANIFEST)
            self._note(Sum(info.name, info.size, digest_of(data)))
            self.manifest: Manifest = read_manifest(data)
        except _DAMAGED as error:
            raise damaged(str(error) or type(error).__name__) from None

    def members(self, take: Callable[[Member, Iterator[bytes]], None]) -> int:
        """Call `take` with each file and its content; how many there were. Raises ClodputerError, and what `take` raises."""
        number = 0
        while True:
            try:
                info = self._next()
            except _DAMAGED as error:
                raise damaged(str(error) or type(error).__name__) from None
            if info is None:
                raise damaged("its end is missing")
            if info.name == parts.CHECKSUMS:
                self._check(info)
                return number
            inside = info.name[len(parts.HOME) + 1 :] if info.name.startswith(f"{parts.HOME}/") else ""
            wrong = problem(inside)
            if wrong:
                raise damaged(f"{info.name[:200]!r}: {wrong}")
            number += 1
            if number > MOST:
                raise damaged(f"it has more than {MOST:,} files")
            digest = sha256()
            take(
                Member(inside, info.size, info.mode & 0o700, float(info.mtime)),
                self._chunks(info, digest.update),
            )
            self._note(Sum(info.name, info.size, digest.hexdigest()))

    def _next(self) -> Optional[tarfile.TarInfo]:
        self._stream.largest = LARGEST_HEADER
        info: Optional[tarfile.TarInfo] = self._tar.next()
        self._tar.members.clear()  # kept otherwise, for each of millions
        self._stream.largest = CHUNK
        if info is not None and (
            info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.sparse is not None
        ):
            raise ValueError(f"{info.name[:200]!r} is not a plain file")
        if info is not None and info.size < 0:
            raise ValueError(f"{info.name[:200]!r} has no size")
        return info

    def _content(self, info: tarfile.TarInfo) -> IO[bytes]:
        file: Optional[IO[bytes]] = self._tar.extractfile(info)
        if file is None:
            raise ValueError(f"{info.name[:200]!r} is not a plain file")
        return file

    def _chunks(self, info: tarfile.TarInfo, seen: Callable[[bytes], None]) -> Iterator[bytes]:
        left = info.size
        try:
            file = self._content(info)
            while left:
                part = file.read(min(left, CHUNK))
                if not part:
                    raise ValueError("it ends in the middle of a file")
                left -= len(part)
                seen(part)
                yield part
        except _DAMAGED as error:
            raise damaged(str(error) or type(error).__name__) from None

    def _note(self, one: Sum) -> None:
        # The digest of the lines is compared, not each line: whatever is wrong, nothing of the archive is restored.
        self._sums.update(sum_line(one))
        self._count += 1

    def _check(self, info: tarfile.TarInfo) -> None:
        """Compare what was read with the checksums. Raises ClodputerError."""
        lines, last = sha256(), b""
        rest = b""
        for part in self._chunks(info, lambda _: None):
            rest += part
            *whole, rest = rest.split(b"\n")
            if len(rest) > LARGEST_LINE:
                raise damaged("its checksums are not readable")
            for line in whole:
                if last:
                    lines.update(last + b"\n")
                last = line
        try:
            word, count, digest = loads(last.decode())
        except (ValueError, TypeError, RecursionError):
            raise damaged("its checksums are not readable") from None
        if word != "end" or rest or digest != lines.hexdigest():
            raise damaged("its checksums are incomplete")
        if count != self._count or digest != self._sums.hexdigest():
            raise damaged("a file in it was changed since the backup (its checksum differs)")


class _Bounded:
    """A stream that tarfile cannot make read very much at once: the sizes in headers are somebody else's word."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._at = 0
        self.largest = CHUNK

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer only at the end. Raises ValueError when it is more than is allowed at once."""
        if not 0 <= size <= self.largest:
            raise ValueError("one of its headers is too large")
        found = bytearray()
        while len(found) < size:
            try:
                part = self._stream.read(size - len(found))
            except Exception as error:
                # Of a module that only Python 3.14 has.
                if type(error).__name__ == "ZstdError":
                    raise ValueError("its zstd stream is damaged") from None
                raise
            if not part:
                break
            found += part
        self._at += len(found)
        return bytes(found)

    def tell(self) -> int:
        """How many bytes were read."""
        return self._at

    def seek(self, place: int, whence: int = 0) -> int:
        """Go forward; going back is not possible. Raises ValueError."""
        if whence or place < self._at:
            raise ValueError("it cannot be read from its beginning to its end")
        largest, self.largest = self.largest, CHUNK
        while self._at < place:
            if not self.read(min(place - self._at, CHUNK)):
                break
        self.largest = largest
        return self._at

    def seekable(self) -> bool:
        """Only forward, which is how it is used."""
        return True
