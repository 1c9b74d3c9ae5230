"""A look at logs, made in a child process: what is new in them is read, and the errors in it are told apart and counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any, NamedTuple, Optional

from clodputer.model.text.filename import shown
from clodputer.store.home import Home
from clodputer.store.records.history import History
from clodputer.triggers.error_log import following, records
from clodputer.triggers.error_log.bounded import Bounded
from clodputer.triggers.error_log.fingerprint import fingerprint
from clodputer.triggers.error_log.parts import MOST_FILES, paths
from clodputer.triggers.error_log.pieces import Piece, Place

# Different errors of one look; where there are more, the next look goes on.
MOST = 2000
# The text of one error with its context, in characters: it becomes part of a prompt.
LONGEST = 12_000
# An error at the end of a log may be in the middle of being written, for so long after the last write, in seconds.
QUIET = 3.0
# A log is written to in the future only where the clock was put back: by more than this, in seconds, it is not waited for.
AHEAD = 60.0
# So long a look reads and searches, in seconds; it is given more than twice as much. What is left is for the next one.
WORKING = 4.0
# So much is searched at a time, in bytes; logs of which nobody counts the lines at the first look, as they have more than this.
BLOCK, COUNTED = 1 << 16, 256 << 20


class Wish(NamedTuple):
    """What is looked for. search: where in a line one of the patterns is. context: so many lines before and after. old: in logs
    that were never read, what is there already counts. working: so many seconds a look works.
    """

    paths: tuple[str, ...]
    search: records.Search
    context: int
    old: bool
    working: float = WORKING


class _Look:
    """The errors of a look by fingerprint, and until when it may work (of the monotonic clock)."""

    def __init__(self, wish: Wish, now: float) -> None:
        self.wish, self.now = wish, now
        self.errors: dict[str, dict[str, Any]] = {}
        self.names: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self.until = monotonic() + wish.working
        self.wait, self.more = 0.0, False


class _Block(NamedTuple):
    """Lines of a log that are searched at a time. line: the number of the first, 0 when nobody knows. before: those before."""

    log: str
    line: int
    lines: list[str]
    before: list[str]


def look(home: Home, task: str, wish: Wish, entry: Optional[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """What was found, as JSON: `places`, `errors` by fingerprint, `resolved`, `more`, `wait` (until when), `trouble`.

    Raises nothing for a log that cannot be read: it is part of the trouble.
    """
    places = {log: Place(*place) for log, place in ((entry or {}).get("places") or {}).items()}
    since = (entry or {}).get("looked")
    after: dict[str, Place] = {}
    budget, counted = following.MOST_READ, COUNTED
    logs, wrong = paths(wish.paths, home.root)
    troubles = [shown(words) for words in wrong]
    with Bounded(wish.search) as bounded:
        state = _Look(wish._replace(search=bounded), now)
        for log in logs:
            known = places.get(log)
            try:
                if known is None and entry is None and not wish.old:
                    after[log] = following.end(log, counted)
                    counted -= after[log].offset if after[log].line else 0
                    continue
                over = monotonic() > state.until
                found = following.look(log, known, 0 if over else budget, since, home.root)
            except OSError as error:
                troubles.append(f"{shown(log)} cannot be read: {error.strerror or error}")
                if known is not None:
                    after[log] = known
                continue
            state.more = state.more or found.more
            troubles += [shown(found.trouble)] if found.trouble else []
            place = known
            for piece in found.pieces:
                budget -= len(piece.data)
                taken, whole = _take(log, piece, state)
                # A log of which nothing is taken yet is known again less surely than the part before it.
                if taken.offset or place is None or not place.offset:
                    place = taken
                if not whole:
                    break
            if place is not None:
                after[log] = place
        if bounded.slow:
            troubles.append("a pattern took too long with some lines, which were passed over")
    # A log that is not there just now, between two steps of its rotation, is not forgotten for that.
    kept = {log: place for log, place in places.items() if log not in after}
    after.update(list(kept.items())[:MOST_FILES])
    return {
        "places": {log: list(place) for log, place in after.items()},
        "errors": state.errors,
        "resolved": _resolved(home, task, state.errors),
        "more": state.more,
        "wait": state.wait,
        "trouble": "; ".join(troubles[:5]),
    }


def _take(log: str, piece: Piece, state: _Look) -> tuple[Place, bool]:
    """Count the errors in a piece; the place behind what was taken, and whether that is all of it.

    It is taken in blocks. An error that reaches the end of one is taken with the next.
    """
    data, begin, line, size = piece.data, 0, 0, BLOCK
    while begin < len(data):
        if begin and monotonic() > state.until:
            state.more = True
            return piece.place(begin, line), False
        end = _block_end(data, begin, size)
        before = data[max(0, begin - following.BEFORE) : begin]
        before = before if begin >= following.BEFORE else piece.before + before
        lines = _lines(data[begin:end])
        block = _Block(
            log, piece.line and piece.line + line, lines, _last(_lines(before), state.wish.context)
        )
        taken, stop = _take_block(block, piece, end == len(data), state)
        if not taken and not stop:
            size *= 2
            continue
        size = BLOCK
        if taken >= len(lines):
            begin, line = end, line + data.count(b"\n", begin, end)
        else:
            for _ in range(taken):
                begin = data.index(b"\n", begin) + 1
            line += taken
        if stop:
            return piece.place(begin, line), False
    return piece.place(len(data), line), True


def _take_block(block: _Block, piece: Piece, last: bool, state: _Look) -> tuple[int, bool]:
    """Count the errors in a block; how many of its lines were taken, and whether to stop there."""
    settled = piece.ended or state.now - piece.modified >= QUIET or state.now < piece.modified - AHEAD
    for found in records.find(block.lines, state.wish.search):
        if not last and (found.open or found.end + state.wish.context > len(block.lines)):
            return found.line, False
        if last and found.open and not settled and len(found.lines) < records.MOST_LINES:
            # More of it may follow. It is read again from its beginning, once the log has been quiet.
            state.wait = max(state.wait, piece.modified + QUIET)
            return found.line, True
        if found.maybe:
            continue
        if not _count(block, found, state):
            state.more = True
            return found.line, True
        if monotonic() > state.until:
            state.more = True
            return found.end, True
    return len(block.lines), False


def _count(block: _Block, found: records.Found, state: _Look) -> bool:
    """Count an error; False when there are too many different ones already."""
    key = (found.message, found.logger, found.lines)
    name = state.names.get(key)
    if name is None:
        where = f"{block.log.rpartition('/')[2]} {found.logger}".strip()
        name = fingerprint(found.message, found.lines, where)
        if len(state.names) < MOST:
            state.names[key] = name
    known = state.errors.get(name)
    if known is not None:
        known["number"] += 1
        known["critical"] = known["critical"] or found.critical
        return True
    if len(state.errors) >= MOST:
        return False
    state.errors[name] = {
        "message": found.message[:1000],
        "context": "\n".join(_context(block, found, state.wish.context))[:LONGEST],
        "path": shown(block.log),
        "line": block.line and block.line + found.line,
        "critical": found.critical,
        "number": 1,
    }
    return True


def _context(block: _Block, found: records.Found, number: int) -> Iterator[str]:
    end = min(found.end, found.line + records.MOST_LINES)
    around = [*block.before, *block.lines[max(0, found.line - number) : found.line]]
    for line in (*_last(around, number), *found.lines, *block.lines[end : end + number]):
        yield line[: records.LONGEST_LINE]


def _last(lines: list[str], number: int) -> list[str]:
    return lines[-number:] if number else []


def _block_end(data: bytes, begin: int, size: int) -> int:
    """Where a block of about that size ends: behind a whole line."""
    if len(data) - begin <= size:
        return len(data)
    last = data.rfind(b"\n", begin, begin + size)
    if last < 0:
        last = data.find(b"\n", begin + size)
    return last + 1 if last >= 0 else len(data)


def _lines(data: bytes) -> list[str]:
    """The lines of a log. Without NUL bytes: they stand where it was cut while it was written, and in UTF-16."""
    text = data.decode("utf-8", "replace")
    if "\0" in text:
        text = text.replace("\0", "")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.rstrip("\r").lstrip("\ufeff") for line in lines]


def _resolved(home: Home, task: str, errors: Mapping[str, Any]) -> dict[str, float]:
    """When a run of the task about each of these errors last succeeded, epoch seconds; without those of which none did."""
    found: dict[str, float] = {}
    if errors:
        for run in History(home).of_task(task):
            if run.item in errors and run.item not in found and run.outcome == "succeeded":
                found[run.item] = run.at
    return found
