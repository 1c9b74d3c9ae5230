"""What is known of a watched folder since the last look, as a value and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.model.triggers.watch import Entry, Version

FORMAT = 1


class First(NamedTuple):
    """The first look: when it was (epoch seconds), how many files were there and were left alone, and the newest of them."""

    at: float
    number: int
    names: tuple[str, ...] = ()


class Snapshot(NamedTuple):
    """What the last look left behind.

    entries: the files by their relative paths, as bytes that are no UTF-8 leave them (surrogate escapes); None before the
    first look. root: the folder's (device, inode). trouble: why the last look failed, reported once. echoes: see
    model/triggers/watch.py. first: None before the first look, and when a look before this was written down.
    """

    entries: Optional[Mapping[str, Entry]] = None
    root: tuple[int, int] = (0, 0)
    trouble: str = ""
    echoes: int = 0
    first: Optional[First] = None


def mark(path: str, patterns: Sequence[str]) -> str:
    """A name for what a trigger watches; one that watches something else has another, and other memories."""
    return digest("\0".join((path, *patterns)).encode("utf-8", "surrogateescape"), 8)


def from_json(fields: Optional[Mapping[str, Any]]) -> Optional[Snapshot]:
    """The snapshot that `to_json` wrote; None for nothing, and for what is damaged."""
    if fields is None or fields.get("format") != FORMAT:
        return None
    try:
        entries = fields["entries"]
        if entries is not None:
            entries = {
                path: Entry(Version(*(int(number) for number in value[:4])), *value[4:])
                for path, value in entries.items()
            }
        root, first = (fields["root"][0], fields["root"][1]), fields.get("first")
        if first is not None:
            first = First(float(first[0]), int(first[1]), tuple(map(str, first[2])))
        return Snapshot(entries, root, fields["trouble"], fields["echoes"], first)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def to_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON has it."""
    entries = snapshot.entries
    return {
        "format": FORMAT,
        "root": list(snapshot.root),
        "trouble": snapshot.trouble,
        "echoes": snapshot.echoes,
        "first": None if snapshot.first is None else [*snapshot.first[:2], list(snapshot.first.names)],
        "entries": None if entries is None else {path: _row(entry) for path, entry in entries.items()},
    }


def _row(entry: Entry) -> list[Any]:
    # A settled file, as nearly all are, in short.
    if entry.gone is not None:
        return [*entry.version, entry.since, entry.new, entry.gone]
    return [*entry.version] if entry.since is None else [*entry.version, entry.since, entry.new]
