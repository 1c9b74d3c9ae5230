"""Following log files: which bytes are new since the last look, through rotation, truncation and compression.

A log is known by the hashes of its first bytes and of the last ones that were read, and by its inode where that leaves a doubt:
name and inode change when it is rotated, copied and truncated, or compressed.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.triggers.error_log.parts import PACKED, Part, older

# So many bytes at the beginning tell one log from another; lines begin with the moment of their writing.
HEAD = 512
# At one look so much is read of all logs together, and the rest at the next one at once; in bytes.
MOST_READ = 32 * 1024 * 1024
# The last bytes before the place up to which a log was read: they tell it from one that begins with the same words.
TAIL = 256
# Bytes before the new ones that are read for context.
BEFORE = 8192
# A line without an end that is longer than this is taken as one.
LONGEST_PARTIAL = 1024 * 1024
# So often a look is begun anew when files are renamed meanwhile.
TRIES = 5
# So many bytes at the end of what was read, at least, show where a log was cut off at its front.
TELLING = 64


class Place(NamedTuple):
    """How far a log was read. offset: the first byte that is not read yet; line: the number of the line that begins
    there, from 1 on, 0 when nobody has counted. head, tail: hashes of the first `headed` bytes, and of the last `tailed` ones
    before the offset. inode: of the file when it was read.
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
        tail = (self.before + self.data[max(0, taken - TAIL) : taken])[-TAIL:]
        line = self.line + lines if self.line else 0
        return Place(
            self.begin + taken, line, _hash(self.head), len(self.head), _hash(tail), len(tail), self.inode
        )


class Look(NamedTuple):
    """What a look at one log found: new pieces, the oldest first. more: there was more than may be read at once.

    trouble: what is wrong, in words; empty when nothing is.
    """

    pieces: tuple[Piece, ...]
    more: bool = False
    trouble: str = ""


class _Moved(Exception):
    """A file was renamed, or cut, while it was looked at."""


class _Open(NamedTuple):
    path: str
    file: IO[bytes]
    status: os.stat_result
    packed: bool


def look(
    log: str, known: Optional[Place], budget: int, since: Optional[float] = None, apart: str = ""
) -> Look:
    """What is new in a log, and in what it was before it was rotated. Raises OSError when the log itself cannot be read.

    known: None for one that was never read: then everything in it is new. budget: so many bytes are read at most. since: the
    moment of the last look (epoch seconds), None when there was none. apart: a folder of which nothing is read.
    """
    for _ in range(TRIES):
        try:
            return _look(log, known, budget, since, apart)
        except _Moved:
            continue
    return Look((), more=True)


def _look(log: str, known: Optional[Place], budget: int, since: Optional[float], apart: str) -> Look:
    # Opened first and kept open: whatever is renamed from now on, this is what the name meant. And no more is read of it than
    # there is now: what its writer still adds to the part before was written earlier than what is added here.
    with _opened(log) as current:
        inode = known.inode if known else 0
        found = _of_one(current, known, budget) if known and known.offset else None
        if known and found is not None and current.status.st_ino == inode:
            return found
        parts = older(log, current.status, inode, apart)
        if known and known.offset:
            first = _first(parts, known)
            if first is None and found is not None:
                return found
        else:
            # Nothing of it was read; so neither was anything that was written since the last look.
            first = next((n for n, part in enumerate(parts) if _is_new(part, known, since)), None)
            known = None
        pieces, trouble, begun = [], "", first is not None
        for number, part in enumerate(parts[first:] if begun else ()):
            try:
                with _same(part) as opened:
                    its = _of_one(opened, None if number else known, budget - _size(pieces), ended=True)
            except (OSError, EOFError, zlib.error):
                trouble = f"{part.path} cannot be read: lines may have been missed"
                continue
            if its is None:
                raise _Moved
            pieces += its.pieces
            if its.more:
                return Look(tuple(pieces), more=True, trouble=trouble)
        if known and not begun:
            known = _shortened(current, known)
            trouble = (
                ""
                if known
                else f"{log} begins anew, and what stood in it before is nowhere: lines may have been missed"
            )
        found = _of_one(current, None if begun else known, budget - _size(pieces))
        if found is None:
            raise _Moved
        if begun and not found.more:
            # A file without a whole line could not be known again for sure: until then the place is behind the part before.
            found = found._replace(pieces=tuple(piece for piece in found.pieces if piece.data))
        return Look((*pieces, *found.pieces), found.more, trouble)


def end(log: str, most: int = 1 << 62) -> Place:
    """The place behind the last whole line that is in a log now; of one that is larger, nobody counts the lines. Raises OSError."""
    with _opened(log) as opened:
        file, size = opened.file, opened.status.st_size
        head, line = file.read(HEAD), 0
        if size <= most:
            file.seek(0)
            line, left = 1, size
            while left > 0 and (block := file.read(min(left, 1 << 20))):
                line, left = line + block.count(b"\n"), left - len(block)
        begin = max(0, size - LONGEST_PARTIAL)
        file.seek(begin)
        last = file.read(size - begin)
        offset = begin + last.rfind(b"\n") + 1 if b"\n" in last else size if begin else 0
        file.seek(max(0, offset - TAIL))
        before, status = file.read(min(offset, TAIL)), opened.status
        piece = Piece(log, b"", before, offset, line, False, head[:size], status.st_ino, status.st_mtime)
    return piece.place(0, 0)


def _size(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.data) for piece in pieces)


@contextmanager
def _opened(path: str) -> Iterator[_Open]:
    """A file, unpacked as it is read. Raises OSError, also for what is no plain file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is no plain file")
        if not path.endswith(PACKED):
            yield _Open(path, file, status, packed=False)
            return
        with gzip.open(file) as unpacked:
            yield _Open(path, unpacked, status, packed=True)  # type: ignore[arg-type]


@contextmanager
def _same(part: Part) -> Iterator[_Open]:
    """A part opened. Raises _Moved when its name means another file by now, OSError."""
    try:
        with _opened(part.path) as opened:
            if (opened.status.st_dev, opened.status.st_ino) != (part.device, part.inode):
                raise _Moved
            yield opened
    except FileNotFoundError:
        raise _Moved from None


def _first(parts: list[Part], known: Place) -> Optional[int]:
    """Which of the parts is the one that was read so far: that with its inode, or else the youngest that goes on with it."""
    order = sorted(range(len(parts)), key=lambda n: (parts[n].inode != known.inode, -n))
    for number in order:
        try:
            with _same(parts[number]) as opened:
                if _before(opened, known) is not None:
                    return number
        except (OSError, EOFError, zlib.error):
            continue  # it is damaged, or not ours to read
    return None


def _is_new(part: Part, known: Optional[Place], since: Optional[float]) -> bool:
    return since is not None and (part.modified > since or (known is not None and part.inode == known.inode))


def _hash(data: bytes) -> str:
    return digest(data, 8)


def _read(file: IO[bytes], most: int) -> bytes:
    parts = []
    while most > 0 and (some := file.read(most)):
        parts.append(some)
        most -= len(some)
    return b"".join(parts)


def _before(opened: _Open, known: Optional[Place]) -> Optional[tuple[bytes, bytes]]:
    """The first bytes of a file, and those before the place; None when it is not the one that was read so far."""
    file, offset = opened.file, known.offset if known else 0
    file.seek(0)
    head = _read(file, HEAD)
    if known and (len(head) < known.headed or _hash(head[: known.headed]) != known.head):
        return None
    start = max(0, offset - BEFORE)
    file.seek(start)
    before = _read(file, offset - start)
    if known and (len(before) < offset - start or _hash(before[len(before) - known.tailed :]) != known.tail):
        return None
    return head, before


def _of_one(opened: _Open, known: Optional[Place], budget: int, *, ended: bool = False) -> Optional[Look]:
    """The new bytes of one file, to the end of its last whole line; of one that has ended, to its end.

    None when it is not the one that was read so far. Raises _Moved when it was cut while it was read.
    """
    if budget <= 0:
        return Look((), more=True)
    found = _before(opened, known)
    if found is None:
        return None
    head, before = found
    begin, line = (known.offset, known.line) if known else (0, 1)
    most = budget + 1
    if not ended and not opened.packed:
        head, most = head[: opened.status.st_size], min(most, max(0, opened.status.st_size - begin))
    data = _read(opened.file, most)
    if not opened.packed:
        number = opened.file.fileno()
        if os.fstat(number).st_size < begin + len(data) or os.pread(number, len(head), 0) != head:
            raise _Moved
    more = len(data) > budget
    data = data[:budget]
    # What is being written has no line break yet. A line that is larger than all that may be read is cut.
    if (more and b"\n" in data) or (
        not more and not ended and len(data) - data.rfind(b"\n") < LONGEST_PARTIAL
    ):
        data = data[: data.rfind(b"\n") + 1]
    status = opened.status
    return Look(
        (
            Piece(
                opened.path,
                data,
                before,
                begin,
                line,
                ended and not more,
                head,
                status.st_ino,
                status.st_mtime,
            ),
        ),
        more,
    )


def _shortened(opened: _Open, known: Place) -> Optional[Place]:
    """The place in a log of which the oldest lines were taken away: behind the bytes that were read last. None for none."""
    if known.tailed < TELLING or opened.packed:
        return None
    opened.file.seek(0)
    data = _read(opened.file, min(MOST_READ, opened.status.st_size))
    behind = data.find(b"\n") + 1
    line = 1
    while behind:
        line += 1
        if behind >= known.tailed and _hash(data[behind - known.tailed : behind]) == known.tail:
            head = data[:HEAD]
            return known._replace(offset=behind, line=line, head=_hash(head), headed=len(head))
        behind = data.find(b"\n", behind) + 1
    return None
