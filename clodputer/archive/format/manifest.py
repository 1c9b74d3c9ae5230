"""The manifest of a backup, its first member, and the checksums, its last: values and how they are written. Pure."""

from __future__ import annotations

from hashlib import sha256
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.text.jsontext import loads

# Raised when an archive is made in a way that an earlier restore would misread.
VERSION = 1
KIND = "clodputer-backup"


class Manifest(NamedTuple):
    """What an archive says of itself.

    home_format: the version of what is on disk. program: the version of Clodputer. taken_at: ISO 8601, the moment whose state
    it holds. home: the folder it was taken of. records: `all`, `none`, or since when. secrets: whether they are in it.
    log: the number of the log's file at that time, by which places in it are known. left_out: parts, for people.
    """

    home_format: int
    program: str
    taken_at: str
    home: str
    records: str
    secrets: bool
    log: int
    left_out: tuple[str, ...] = ()
    waiting: int = 0
    running: int = 0

    def to_json(self) -> dict[str, Any]:
        """For the archive, and for programs."""
        return {"kind": KIND, "version": VERSION, **self._asdict(), "left_out": list(self.left_out)}


def read_manifest(data: bytes) -> Manifest:
    """The manifest in the first member. Raises ValueError that says what is wrong with it."""
    try:
        fields = loads(data.decode())
    except (ValueError, RecursionError):
        raise ValueError("its manifest is not JSON") from None
    if not isinstance(fields, dict) or fields.get("kind") != KIND:
        raise ValueError("it is not a backup made by Clodputer")
    version = fields.get("version")
    if version != VERSION:
        raise ValueError(
            f"it has version {version!r} of the archive, and this Clodputer knows version {VERSION}"
        )
    try:
        return Manifest(
            _number(fields["home_format"]),
            str(fields["program"]),
            str(fields["taken_at"]),
            str(fields["home"]),
            str(fields["records"]),
            fields["secrets"] is True,
            _number(fields["log"]),
            tuple(map(str, fields["left_out"])),
            _number(fields["waiting"]),
            _number(fields["running"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"its manifest is not valid: {error}") from None


class Sum(NamedTuple):
    """The checksum of one member: SHA-256 in hexadecimal, and its size in bytes."""

    path: str
    size: int
    sha256: str


def sum_line(one: Sum) -> bytes:
    """A line of the checksums."""
    return dumps([one.path, one.size, one.sha256]).encode() + b"\n"


def end_line(count: int, digest: str) -> bytes:
    """The last line of the checksums: how many there are, and the SHA-256 of the lines before it."""
    return dumps(["end", count, digest]).encode() + b"\n"


def digest_of(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return sha256(data).hexdigest()


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{str(value)[:40]!r} is not a number")
    return value
