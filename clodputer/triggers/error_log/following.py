"""Following log files: which bytes are new since the last look, through rotation, truncation and compression.

A log is known by the hash of its first bytes, and not by its name or inode: those change when it is rotated, copied and
truncated, or compressed, and the first bytes do not.
"""

from __future__ import annotations

import glob
import gzip
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, Optional

from clodputer.model.numbers.digest import digest

# So many bytes at the beginning tell one log from another; lines begin with the moment of their writing.
HEAD = 512
# At one look so much is read of all logs together, and the rest at the next one at once; in bytes.
MOST_READ = 32 * 1024 * 1024
MOST_FILES = 500
# The last bytes before the place up to which a log was read: they tell it from one that begins with the same words.
TAIL = 256
# Bytes before the new ones that are read for context.
BEFORE = 8192
# A line without an end that is longer than this is taken as one.
LONGEST_PARTIAL = 1024 * 1024
# Compressed parts of a log that was rotated end so.
ENDINGS = (".gz",)


class Place(NamedTuple):
    """How far a log was read. offset: the first byte that is not read yet; line: the number of the line that begins
    there, from 1 on. head, tail: hashes of the first `headed` bytes, and of the last `tailed` ones before the offset.
    inode: of the file when it was read; it counts only for one that was empty.
    """

    offset: int
    line: int
    head: str
    headed: int
    tail: str
    tailed: int
    inode: int


class Piece(NamedTuple):
    """New bytes of one file. path: where they are now. before: what stands before them. begin, line: offset and number of their
    first line. ended: nothing will be added behind them. head: the first bytes of the file. modified: epoch seconds.
    """

    path: str
    data: bytes
    before: bytes
    begin: int
    line: int
    ended: bool
    head: bytes
    inode: int
    modified: float

    def place(self, taken: int, lines: int) -> Place:
        """The place behind the first `taken` bytes of it, which are so many lines."""
        offset = self.begin + taken
        tail = (self.before + self.data[:taken])[-TAIL:]
        return Place(
            offset,
            self.line + lines,
            _hash(self.head),
            len(self.head),
            _hash(tail),
            len(tail),
            self.inode,
        )


class Look(NamedTuple):
    """What a look at one log found: new pieces, the oldest first. more: there was more than may be read at once.

    trouble: what is wrong, in words; empty when nothing is.
    """

    pieces: tuple[Piece, ...]
    more: bool = False
    trouble: str = ""


def paths(written: Iterable[str], apart: str) -> tuple[list[str], list[str]]:
    """The logs that files, globs and folders (all that ends with `.log` in them) amount to, and what is not there.

    What lies in the folder `apart`, our own home, is never among them: it would bring itself in. Rotated ones are left out.
    """
    found: dict[str, None] = {}
    missing = []
    for text in written:
        names = [text]
        if glob.has_magic(text):
            names = sorted(glob.glob(text, recursive=True))
        elif os.path.isdir(text):
            names = sorted(f"{text.rstrip('/')}/{name}" for name in os.listdir(text) if name.endswith(".log"))
        elif not os.path.lexists(text):
            missing.append(text)
            continue
        for name in names:
            if _is_log(name) and not _is_in(name, apart):
                found[name] = None
    # Of `app.log*` the rotated ones are followed as what the log itself was.
    return [
        name for name in found if not any(_is_rotated(name, log) for log in found if log != name)
    ], missing


def _is_log(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and not path.endswith(ENDINGS)
    except OSError:
        return False


def _is_in(path: str, folder: str) -> bool:
    real, own = os.path.realpath(path), os.path.realpath(folder)
    return real == own or real.startswith(f"{own}/")


def _is_rotated(path: str, log: str) -> bool:
    """Whether a file is named like an older part of a log: `app.log.1`, `app.log-20261128`, `app-2026-11-28.log`."""
    folder, name = os.path.split(log)
    stem, ending = os.path.splitext(name)
    if os.path.dirname(path) != folder:
        return False
    other = os.path.basename(path)
    for compressed in ENDINGS:
        other = other.removesuffix(compressed)
    rest = other[len(name) :] if other.startswith(name) else ""
    if not rest and ending and other.startswith(stem) and other.endswith(ending) and other != name:
        rest = other[len(stem) : len(other) - len(ending)]
    # A number or a date; `app-worker.log` is another log.
    return (
        bool(rest)
        and rest[0] in ".-_"
        and rest[1:2].isdigit()
        and all(c.isdigit() or c in ".-_T:old" for c in rest)
    )


def look(log: str, known: Optional[Place], budget: int) -> Look:
    """What is new in a log, and in what it was before it was rotated. Raises OSError when the log itself cannot be read.

    known: None for one that was never read: then everything in it is new. budget: so many bytes are read at most.
    """
    # Opened first and kept open: whatever is renamed from now on, this is what the name meant.
    with _opened(log) as (file, status):
        if known is None or _continues(file, status, known):
            return _of_one(log, file, status, known, budget, ended=False)
        pieces: list[Piece] = []
        begun = False
        for path in _older(log, status.st_ino):
            try:
                with _opened(path) as (older, its):
                    here = not begun and _continues(older, its, known)
                    begun = begun or here
                    if begun:
                        found = _of_one(
                            path, older, its, known if here else None, budget - _size(pieces), ended=True
                        )
                        pieces += found.pieces
                        if found.more:
                            return Look(tuple(pieces), more=True)
            except (OSError, EOFError, zlib.error):
                continue  # it went away, or is being compressed just now: then the other form of it is there
        found = _of_one(log, file, status, None, budget - _size(pieces), ended=False)
        if begun and not found.more:
            # A file without a whole line could not be known again for sure: until then the place is behind the part before.
            found = found._replace(pieces=tuple(piece for piece in found.pieces if piece.data))
    trouble = (
        ""
        if begun
        else f"{log} begins anew, and what stood in it before is nowhere: lines may have been missed"
    )
    return Look((*pieces, *found.pieces), found.more, trouble)


def end(log: str) -> Place:
    """The place behind the last whole line that is in a log now. Raises OSError."""
    with _opened(log) as (file, status):
        head = file.read(HEAD)
        file.seek(0)
        lines, offset, size = 0, 0, 0
        for block in iter(lambda: file.read(1 << 20), b""):
            lines += block.count(b"\n")
            last = block.rfind(b"\n")
            offset = size + last + 1 if last >= 0 else offset
            size += len(block)
        begin = max(0, offset - TAIL)
        file.seek(begin)
        piece = Piece(
            log,
            b"",
            file.read(offset - begin),
            offset,
            lines + 1,
            False,
            head,
            status.st_ino,
            status.st_mtime,
        )
    return piece.place(0, 0)


def _size(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.data) for piece in pieces)


@contextmanager
def _opened(path: str) -> Iterator[tuple[IO[bytes], os.stat_result]]:
    """A file, unpacked as it is read. Raises OSError, also for what is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is no plain file")
        if not path.endswith(ENDINGS):
            yield file, status
            return
        with gzip.open(file) as unpacked:
            yield unpacked, status  # type: ignore[misc]


def _continues(file: IO[bytes], status: os.stat_result, known: Place) -> bool:
    """Whether a file is the one that was read so far, with perhaps more behind."""
    if not known.offset:
        return status.st_ino == known.inode
    head = file.read(known.headed)
    file.seek(known.offset - known.tailed)
    tail = file.read(known.tailed)
    return _hash(head) == known.head and _hash(tail) == known.tail


def _hash(data: bytes) -> str:
    return digest(data, 8)


def _older(log: str, current: int) -> list[str]:
    """The older parts of a log, the oldest first, without what is the log itself. current: its inode."""
    folder = os.path.dirname(log) or "."
    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if not _is_rotated(path, log):
            continue
        try:
            status = os.stat(path)
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_ino != current:
            found.append((status.st_mtime_ns, path))
    # Compressing keeps the time of the last write.
    return [path for _, path in sorted(found)[-MOST_FILES:]]


def _of_one(
    path: str, file: IO[bytes], status: os.stat_result, known: Optional[Place], budget: int, *, ended: bool
) -> Look:
    """The new bytes of one file, to the end of its last whole line; of one that has ended, to its end."""
    if budget <= 0:
        return Look((), more=True)
    begin, line = (known.offset, known.line) if known else (0, 1)
    file.seek(0)
    head = file.read(HEAD)
    before_from = max(0, begin - BEFORE)
    file.seek(before_from)
    before = file.read(begin - before_from)
    data = file.read(budget + 1)
    more = len(data) > budget
    data = data[:budget]
    # What is being written has no line break yet. A line that is larger than all that may be read is cut.
    if (more and b"\n" in data) or (
        not more and not ended and len(data) - data.rfind(b"\n") < LONGEST_PARTIAL
    ):
        data = data[: data.rfind(b"\n") + 1]
    piece = Piece(
        path, data, before, begin, line, ended and not more, head[:HEAD], status.st_ino, status.st_mtime
    )
    return Look((piece,), more)
