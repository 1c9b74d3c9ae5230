"""A chain of seals: each line holds the hash of the one before, so that a line that was changed or taken away is noticed."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Sequence
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import loads

# What comes before the first line of all.
NOTHING = "0" * 64
# What a line seals: the record of a run, or that runs were pruned.
RECORD, GONE = "record", "gone"


class Seal(NamedTuple):
    """A line. number: its place on its day, from 1 on. run: `task/run id`. record: the hash of the record's file.

    gone: runs that were pruned. before: the hash of the line before, of an earlier day for the first one.
    """

    number: int
    before: str
    run: str = ""
    record: str = ""
    gone: tuple[str, ...] = ()


class Fault(NamedTuple):
    """What is wrong with a day. line: of its file, from 1 on; 0 for the file as a whole."""

    line: int
    message: str


class Read(NamedTuple):
    """A day as it was read. head: the hash of its last sound line. hashes: of all its lines."""

    seals: tuple[tuple[int, Seal], ...]
    faults: tuple[Fault, ...]
    head: str
    first_before: str
    hashes: frozenset[str]


def digest(data: bytes) -> str:
    """The sha256 of a line without its line break, or of a file, as hexadecimal digits."""
    # hashlib loads OpenSSL, three megabytes of it, and every run comes by here. The same code without it has had two names.
    try:
        from _sha2 import sha256  # type: ignore[import-not-found]
    except ImportError:
        try:
            from _sha256 import sha256  # type: ignore[import-not-found]
        except ImportError:
            from hashlib import sha256
    return str(sha256(data).hexdigest())


def line(seal: Seal) -> bytes:
    """The line of a seal, with its line break."""
    fields: dict[str, Any] = {"number": seal.number, "before": seal.before}
    if seal.gone:
        fields[GONE] = list(seal.gone)
    else:
        fields.update({"run": seal.run, RECORD: seal.record})
    return dumps(fields, ensure_ascii=True).encode() + b"\n"


def parse(text: bytes) -> Optional[Seal]:
    """The seal of a line; None for what is none."""
    try:
        fields = loads(text.decode())
        gone = fields.get(GONE)
        seal = Seal(int(fields["number"]), str(fields["before"]))
        if isinstance(gone, list):
            return seal._replace(gone=tuple(str(run) for run in gone))
        return seal._replace(run=str(fields["run"]), record=str(fields[RECORD]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def last(tail: bytes) -> tuple[str, int]:
    """The hash and number of the last sound line in the end of a file; ("", 0) when there is none."""
    for text in reversed(tail.split(b"\n")):
        seal = parse(text) if text else None
        if seal is not None:
            return digest(text), seal.number
    return "", 0


def read(content: bytes) -> Read:
    """A day's file: its seals with their lines, and everything in it that does not fit together."""
    seals: list[tuple[int, Seal]] = []
    faults: list[Fault] = []
    hashes: set[str] = set()
    head, first_before, before = "", "", None
    number = 0
    lines = content.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    for place, text in enumerate(lines, 1):
        seal = parse(text)
        if seal is None:
            what = (
                "was cut off while it was written"
                if place == len(lines) or text[:1] == b"{"
                else "is not a seal"
            )
            faults.append(Fault(place, f"line {place} {what}"))
            continue
        if before is None:
            first_before = seal.before
            if seal.number != 1:
                faults.append(
                    Fault(place, f"line {place} has number {seal.number}: the lines before it are gone")
                )
        elif seal.before != before:
            faults.append(
                Fault(
                    place,
                    f"line {place} does not continue the line before it: that line was changed, or lines are gone",
                )
            )
        if before is not None and seal.number != number + 1 and seal.before == before:
            faults.append(Fault(place, f"line {place} has number {seal.number}, not {number + 1}"))
        before = head = digest(text)
        hashes.add(head)
        number = seal.number
        seals.append((place, seal))
    return Read(tuple(seals), tuple(faults), head, first_before, frozenset(hashes))


def joined(days: Sequence[tuple[str, Read]], heads: Sequence[tuple[str, str]]) -> list[tuple[str, Fault]]:
    """What is wrong between days: one whose first line follows no line of the day before it. Oldest first.

    heads: of days whose files were tidied away.
    """
    there = {day for day, _ in days}
    # One that was killed while it tidied a day away has left both.
    tidied = [(day, frozenset((head,))) for day, head in heads if day not in there]
    every = sorted([*tidied, *((day, one.hashes) for day, one in days)])
    first = {day: one.first_before for day, one in days if one.seals}
    found = []
    known: frozenset[str] = frozenset((NOTHING,))
    for day, hashes in every:
        wanted = first.get(day)
        if wanted is not None and wanted not in known:
            found.append(
                (
                    day,
                    Fault(
                        1,
                        "line 1 does not continue the day before: that day was changed, or its file is gone",
                    ),
                )
            )
        if hashes:
            known = hashes
    return found
