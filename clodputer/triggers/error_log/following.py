"""Following log files: which bytes are new since the last look, through rotation, truncation and compression.

A log is known by the hashes of its first bytes and of the last ones that were read, and by its inode where that leaves a doubt:
name and inode change when it is rotated, copied and truncated, or compressed.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Optional

from clodputer.triggers.error_log.opened import Open, open_log, read
from clodputer.triggers.error_log.parts import PACKED, Part, older
from clodputer.triggers.error_log.pieces import TAIL, Piece, Place, hashed

# So many bytes at the beginning tell one log from another; lines begin with the moment of their writing.
HEAD = 512
# At one look so much is read of all logs together, and the rest at the next one at once; in bytes.
MOST_READ = 32 * 1024 * 1024
# Bytes before the new ones that are read for context.
BEFORE = 8192
# A line without an end that is longer than this is taken as one.
LONGEST_PARTIAL = 1024 * 1024
# So often a look is begun anew when files are renamed meanwhile.
TRIES = 5
# So many bytes at the end of what was read, at least, show where a log was cut off at its front.
TELLING = 64


class Look(NamedTuple):
    """What a look at one log found: new pieces, the oldest first. more: there was more than may be read at once.

    trouble: what is wrong, in words; empty when nothing is.
    """

    pieces: tuple[Piece, ...]
    more: bool = False
    trouble: str = ""


class _Moved(Exception):
    """A file was renamed, or cut, while it was looked at."""


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
    with open_log(log) as current:
        inode, head = known.inode if known else 0, os.pread(current.file.fileno(), HEAD, 0)
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
            if known and known.headed and since is not None:
                first = min((n for n in (first, _first(parts, known)) if n is not None), default=None)
            known = None
        pieces: list[Piece] = []
        trouble, begun, more = "", first is not None, False
        for number, part in enumerate(parts[first:] if begun else ()):
            try:
                with _same(part) as opened:
                    # Until its successor has something in it, the last one is still being written, perhaps.
                    ended = opened.packed or part is not parts[-1] or current.status.st_size > 0
                    its = _of_one(opened, None if number else known, budget - _size(pieces), ended=ended)
            except (OSError, EOFError, zlib.error):
                trouble = f"{part.path} cannot be read: lines may have been missed"
                continue
            if its is None:
                raise _Moved
            if number and its.pieces and _is_copy(part, its.pieces[0], current):
                continue
            pieces += its.pieces
            if its.more:
                more = True
                break
        if known and not begun:
            known = _shortened(current, known)
            trouble = (
                ""
                if known
                else f"{log} starts again, and its earlier lines were not found: some may have been missed"
            )
        found = _of_one(current, None if begun else known, 0 if more else budget - _size(pieces))
        _check(log, current, head, parts, older(log, current.status, inode, apart))
        if found is None:
            raise _Moved
        if begun and not found.more:
            # A file without a whole line could not be known again for sure: until then the place is behind the part before.
            found = found._replace(pieces=tuple(piece for piece in found.pieces if piece.data))
        return Look((*pieces, *found.pieces), found.more, trouble)


def end(log: str, most: int = 1 << 62) -> Place:
    """The place behind the last whole line that is in a log now. Raises OSError.

    most: of a log with more bytes than that nobody counts the lines.
    """
    with open_log(log) as opened:
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


def _check(log: str, current: Open, head: bytes, before: list[Part], after: list[Part]) -> None:
    """Raises _Moved when the log was rotated while it was looked at. head: its first bytes at the beginning of the look.

    before, after: its older parts then and now.
    """
    # A folder in which files are renamed while it is read may show some twice and others not at all.
    names = [[(part.path, part.device, part.inode) for part in parts] for parts in (before, after)]
    try:
        same = os.path.samestat(os.stat(log), current.status)
    except FileNotFoundError:
        same = False
    now, then = os.fstat(current.file.fileno()), current.status
    changed = (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns)
    if (
        not same
        or names[0] != names[1]
        or (changed and any(part.modified > then.st_mtime for part in before))
    ):
        raise _Moved


def _is_copy(part: Part, piece: Piece, current: Open) -> bool:
    """Whether a part is a copy of the log itself, which is still to be truncated."""
    copied = part.modified >= current.status.st_mtime and piece.begin == 0 and bool(piece.data)
    return copied and _before(current, piece.place(len(piece.data), 0)) is not None


def _size(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.data) for piece in pieces)


@contextmanager
def _same(part: Part) -> Iterator[Open]:
    """A part opened. Raises _Moved when its name means another file by now, OSError."""
    try:
        with open_log(part.path) as opened:
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
    """Whether it was written to since the last look, or is what the log was then."""
    same = known is not None and part.inode == known.inode and not part.path.endswith(PACKED)
    return since is not None and (part.modified > since or same)


def _before(opened: Open, known: Optional[Place]) -> Optional[tuple[bytes, bytes]]:
    """The first bytes of a file, and those before the place; None when it is not the one that was read so far."""
    file, offset = opened.file, known.offset if known else 0
    file.seek(0)
    head = read(file, HEAD)
    if known and (len(head) < known.headed or hashed(head[: known.headed]) != known.head):
        return None
    start = max(0, offset - BEFORE)
    file.seek(start)
    before = read(file, offset - start)
    if known and (len(before) < offset - start or hashed(before[len(before) - known.tailed :]) != known.tail):
        return None
    return head, before


def _of_one(opened: Open, known: Optional[Place], budget: int, *, ended: bool = False) -> Optional[Look]:
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
    data = read(opened.file, most)
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


def _shortened(opened: Open, known: Place) -> Optional[Place]:
    """The place in a log of which the oldest lines were taken away: behind the bytes that were read last. None for none."""
    if known.tailed < TELLING or opened.packed:
        return None
    opened.file.seek(0)
    data = read(opened.file, min(MOST_READ, opened.status.st_size))
    behind = data.find(b"\n") + 1
    line = 1
    while behind:
        line += 1
        if behind >= known.tailed and hashed(data[behind - known.tailed : behind]) == known.tail:
            head = data[:HEAD]
            return known._replace(offset=behind, line=line, head=hashed(head), headed=len(head))
        behind = data.find(b"\n", behind) + 1
    return None
