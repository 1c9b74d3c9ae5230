"""Our blocks in a crontab: one for each home, between two marks; every byte outside them is the person's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError

# What there was before the block: lines, no table at all, or a last line without its line break.
ADDED, ALONE, JOINED = "added", "alone", "joined"
# The name of lines in a block that belong to no unit: somebody wrote them there.
STRAY = "stray-lines"

_MARK = re.compile(rb"\s*#\s*(BEGIN|END)\s+clodputer(\s|$)")
_BEGIN = re.compile(r"# BEGIN clodputer (\S+) sha256:([0-9a-f]{64}) (added|alone|joined) (/.*)")
_END = re.compile(r"# END clodputer (/.*)")
_UNIT = re.compile(r"# clodputer ([a-z0-9-]+): (task|spool|sweep|probe)\b(?: ([A-Za-z0-9._-]+))?.*")
_ORDER = ("task", "spool", "sweep", "probe")


class Block(NamedTuple):
    """A block as it was found. units: name -> lines. begin, end: its bytes in the table; line: of its first, from 1.

    edited: it does not hold what was written there.
    """

    home: str
    version: str
    state: str
    units: Mapping[str, str]
    begin: int
    end: int
    line: int
    edited: bool


def read(table: bytes) -> list[Block]:
    """The blocks of a table, in order. Raises ClodputerError "crontab_marks" when the marks do not make blocks."""
    found: list[Block] = []
    opened: Optional[tuple[re.Match[str], int, int, int]] = None
    offset = 0
    for number, line in enumerate(_lines(table), 1):
        after = offset + len(line)
        if _MARK.match(line):
            text = _text(line).rstrip("\n")
            begin, end = _BEGIN.fullmatch(text), _END.fullmatch(text)
            if begin is None and end is None:
                raise _refused(
                    number, "looks like one of Clodputer's marks, but Clodputer does not write such a line"
                )
            if begin is not None:
                if opened is not None:
                    raise _refused(number, f"begins a block inside the one that line {opened[3]} begins")
                if any(block.home == begin[4] for block in found):
                    raise _refused(number, f"begins a second block of {begin[4]}")
                opened = (begin, offset, after, number)
            elif end is not None:
                if opened is None:
                    raise _refused(number, "ends a block that nothing begins")
                if opened[0][4] != end[1]:
                    raise _refused(number, f"ends another block than the one that line {opened[3]} begins")
                found.append(_block(opened, table[opened[2] : offset], after))
                opened = None
        offset = after
    if opened is not None:
        raise _refused(opened[3], "begins a block that nothing ends")
    return found


def write(table: Optional[bytes], home: str, units: Mapping[str, str], version: str) -> Optional[bytes]:
    """The table with these units as the block of a home; without units it is as if the block had never been there.

    None stands for no table. Raises ClodputerError as `read` does.
    """
    blocks = read(table or b"")
    mine = next((block for block in blocks if block.home == home), None)
    if mine is None:
        if not units:
            return table
        state = _state(table, blocks)
        before = (table or b"") + (b"\n" if state == JOINED else b"")
        return before + _written(home, units, version, state)
    before, after = (table or b"")[: mine.begin], (table or b"")[mine.end :]
    if units:
        return before + _written(home, units, version, mine.state) + after
    if mine.state == JOINED and not after and before.endswith(b"\n"):
        before = before[:-1]
    return before + after or (None if mine.state == ALONE else b"")


def outside(table: bytes, blocks: list[Block]) -> list[tuple[int, str]]:
    """The person's own lines with their numbers."""
    offset, found = 0, []
    for number, line in enumerate(_lines(table), 1):
        if not any(block.begin <= offset < block.end for block in blocks):
            found.append((number, _text(line).rstrip("\n")))
        offset += len(line)
    return found


def identity(lines: str) -> tuple[str, str, str]:
    """(name, kind, task) of a unit, by its first line; of strays only a name."""
    match = _UNIT.fullmatch(lines.partition("\n")[0])
    if match is None:
        return STRAY, "", ""
    return match[1], match[2], (match[3] or "") if match[2] == "task" else ""


def _state(table: Optional[bytes], blocks: list[Block]) -> str:
    if table is None:
        return ALONE
    # Another home's block began the table: the one that is removed last ends it.
    if any(block.state == ALONE for block in blocks):
        return ALONE
    return JOINED if table and not table.endswith(b"\n") else ADDED


def _written(home: str, units: Mapping[str, str], version: str, state: str) -> bytes:
    def order(item: tuple[str, str]) -> tuple[int, str]:
        kind = identity(item[1])[1]
        return (_ORDER.index(kind) if kind else -1, item[0])

    body = _bytes("".join(lines for _, lines in sorted(units.items(), key=order)))
    begin = f"# BEGIN clodputer {version} sha256:{sha256(body).hexdigest()} {state} {home}\n"
    return _bytes(begin) + body + _bytes(f"# END clodputer {home}\n")


def _block(opened: tuple[re.Match[str], int, int, int], body: bytes, end: int) -> Block:
    match, begin, _, line = opened
    units: dict[str, str] = {}
    name = STRAY
    for text in map(_text, _lines(body)):
        if _UNIT.fullmatch(text.rstrip("\n")):
            name = identity(text)[0]
        units[name] = units.get(name, "") + text
    edited = sha256(body).hexdigest() != match[2]
    return Block(match[4], match[1], match[3], units, begin, end, line, edited)


def _refused(line: int, what: str) -> ClodputerError:
    return ClodputerError(
        "crontab_marks",
        f"line {line} of your crontab {what}",
        "Nothing was changed. Remove the lines from `# BEGIN clodputer` to `# END clodputer` with `crontab -e`, then "
        "run `clodputer install` again.",
    )


def _lines(data: bytes) -> list[bytes]:
    # Not splitlines: cron knows one line break.
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
