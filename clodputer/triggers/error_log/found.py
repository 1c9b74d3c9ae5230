"""A look at logs, made in a child process: what is new in them is read, and the errors in it are told apart and counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.text.filename import shown
from clodputer.store.home import Home
from clodputer.store.records.history import History
from clodputer.triggers.error_log import following, records
from clodputer.triggers.error_log.fingerprint import fingerprint
from clodputer.triggers.error_log.following import Piece, Place

# Different errors of one look; of more, those that come first count.
MOST = 2000
# The text of one error with its context, in characters: it becomes part of a prompt.
LONGEST = 12_000
# An error at the end of a log may be in the middle of being written, for so long after the last write, in seconds.
QUIET = 3.0


class Wish(NamedTuple):
    """What is looked for. patterns: compiled. context: so many lines before and after. old: in logs that were never read, what
    is there already counts.
    """

    paths: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    context: int
    old: bool


def look(home: Home, task: str, wish: Wish, entry: Optional[Mapping[str, Any]], now: float) -> dict[str, Any]:
    """What was found, as JSON: `places`, `errors` by fingerprint, `resolved`, `more`, `wait` (until when), `trouble`.

    Raises nothing for a log that cannot be read: it is part of the trouble.
    """
    places = {log: Place(*place) for log, place in ((entry or {}).get("places") or {}).items()}
    after: dict[str, Place] = {}
    errors: dict[str, dict[str, Any]] = {}
    troubles: list[str] = []
    budget, more, wait = following.MOST_READ, False, 0.0
    logs, missing = following.paths(wish.paths, home.root)
    troubles += [f"{shown(path)} does not exist" for path in missing]
    if len(logs) > following.MOST_FILES:
        troubles.append(f"there are {len(logs):,} logs, and {following.MOST_FILES} of them are followed")
    for log in logs[: following.MOST_FILES]:
        known = places.get(log)
        try:
            if known is None and entry is None and not wish.old:
                after[log] = following.end(log)
                continue
            found = following.look(log, known, budget)
        except OSError as error:
            troubles.append(f"{shown(log)} cannot be read: {error.strerror or error}")
            if known is not None:
                after[log] = known
            continue
        more = more or found.more
        troubles += [shown(found.trouble)] if found.trouble else []
        place = known
        for piece in found.pieces:
            budget -= len(piece.data)
            place, held = _take(log, piece, wish, errors, now)
            wait = max(wait, held)
        if place is not None:
            after[log] = place
    # A log that is not there just now, between two steps of its rotation, is not forgotten for that.
    kept = {log: place for log, place in places.items() if log not in after}
    after.update(list(kept.items())[: following.MOST_FILES])
    return {
        "places": {log: list(place) for log, place in after.items()},
        "errors": errors,
        "resolved": _resolved(home, task, errors),
        "more": more,
        "wait": wait,
        "trouble": "; ".join(troubles[:5]),
    }


def _take(
    log: str, piece: Piece, wish: Wish, errors: dict[str, dict[str, Any]], now: float
) -> tuple[Place, float]:
    """Count the errors in a piece; the place behind what was taken, and until when to wait for the rest, 0 for no wait."""
    text = piece.data.decode("utf-8", "replace")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    lines = [line.rstrip("\r") for line in lines]
    before = piece.before.decode("utf-8", "replace").split("\n")[:-1] if piece.before else []
    around = [*before[-wish.context :], *lines] if wish.context else lines
    shift = len(around) - len(lines)
    for found in records.find(lines, wish.patterns):
        settled = piece.ended or now - piece.modified >= QUIET or now < piece.modified
        if found.open and not settled and len(found.lines) < records.MOST_LINES:
            # More of it may follow. It is read again from its beginning, once the log has been quiet.
            taken = sum(len(line) + 1 for line in piece.data.split(b"\n")[: found.line])
            return piece.place(taken, found.line), piece.modified + QUIET
        name = fingerprint(found.message, found.lines, f"{log.rpartition('/')[2]} {found.logger}".strip())
        known = errors.get(name)
        if known is not None:
            known["number"] += 1
            known["critical"] = known["critical"] or found.critical
        elif len(errors) < MOST:
            first, last = found.line + shift, min(found.end, found.line + records.MOST_LINES) + shift
            context = [
                *around[max(0, first - wish.context) : first],
                *(found.lines if found.logger or len(found.lines) != last - first else around[first:last]),
                *around[last : last + wish.context],
            ]
            errors[name] = {
                "message": found.message[:1000],
                "context": "\n".join(line[: records.LONGEST_LINE] for line in context)[:LONGEST],
                "path": shown(log),
                "line": piece.line + found.line,
                "critical": found.critical,
                "number": 1,
            }
    return piece.place(len(piece.data), piece.data.count(b"\n")), 0.0


def _resolved(home: Home, task: str, errors: Mapping[str, Any]) -> dict[str, float]:
    """When a run of the task about each of these errors last succeeded, epoch seconds; without those of which none did."""
    found: dict[str, float] = {}
    if errors:
        for run in History(home).of_task(task):
            if run.item in errors and run.item not in found and run.outcome == "succeeded":
                found[run.item] = run.at
    return found
