"""Pieces of logs, as they were read, and the places up to which logs were read. Pure."""

from __future__ import annotations

from typing import NamedTuple

from clodputer.model.numbers.digest import digest

# The last bytes before the place up to which a log was read: they tell it from one that begins with the same words.
TAIL = 256


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
            self.begin + taken, line, hashed(self.head), len(self.head), hashed(tail), len(tail), self.inode
        )


def hashed(data: bytes) -> str:
    """By which some bytes of a log are known again."""
    return digest(data, 8)
