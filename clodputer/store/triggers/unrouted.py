"""The events that no request was made of, `spool/unrouted/`, each with why, within bounds; and how many had to make room."""

from __future__ import annotations

import os
from contextlib import suppress
from json import dumps
from typing import NamedTuple

from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason

# Of the events that are kept: so many, so many bytes of them, and for so long, in seconds.
MOST_KEPT, MOST_BYTES, KEPT_FOR = 1000, 64 * 1024 * 1024, 30 * 86400.0
# To find the oldest, all are looked at; so that is done when there are so many more than that, or after one of so many bytes.
SPARE, LARGE = 100, 16 * 1024
# After so many seconds nobody is still writing a reason.
LEFT_FOR = 86400.0


class Removed(NamedTuple):
    """How many kept events made room for later ones, and when that last happened (epoch seconds); 0 for never."""

    number: int = 0
    at: float = 0.0


def set_aside(home: Home, path: str, reason: Reason) -> str:
    """Keep an event that no request was made of; where it is now. The oldest make room. Raises OSError."""
    os.makedirs(home.unrouted, mode=0o700, exist_ok=True)
    size = os.lstat(path).st_size
    kept = aside.set_aside(path, home.unrouted, "", reason)
    # Each has a file for its reason beside it.
    if size > LARGE or len(entries(home.unrouted)) > 2 * (MOST_KEPT + SPARE):
        sweep(home, reason.at)
    return kept


def sweep(home: Home, now: float, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES) -> None:
    """Remove kept events that are too old at `now` (epoch seconds), and the oldest of more than `most`, or so many bytes.

    Raises OSError.
    """
    size = gone = 0
    for number, name in enumerate(aside.names(home.unrouted)):
        path = f"{home.unrouted}/{name}"
        size += _size(path)
        crowded = number >= most or size > most_bytes
        if crowded or aside.changed(path) < now - KEPT_FOR:
            gone += crowded
            atomic.remove(path)
            aside.forget(path)
    there = set(entries(home.unrouted))
    for name in there:
        path = f"{home.unrouted}/{name}"
        # Somebody has taken the event itself away, perhaps to drop it once more.
        event = path[: -len(aside.REASON_SUFFIX)]
        alone = aside.is_reason(name) and not os.path.lexists(event)
        # A killed writer has left a reason that it had just begun.
        begun = name.startswith(".") and name + aside.REASON_SUFFIX not in there
        if alone or (begun and aside.changed(path) < now - LEFT_FOR):
            atomic.remove(path)
    if gone:
        with suppress(OSError):  # it is only told
            known = removed(home, now)
            atomic.write(_path(home), dumps({"number": known.number + gone, "at": now}).encode() + b"\n")


def removed(home: Home, now: float) -> Removed:
    """How many made room within the time for which events are kept, at `now` (epoch seconds)."""
    try:
        fields = read_json(_path(home)) or {}
        found = Removed(int(fields["number"]), float(fields["at"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return Removed()
    return found if found.at > now - KEPT_FOR else Removed()


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _path(home: Home) -> str:
    return f"{home.ledger}/unrouted.json"
