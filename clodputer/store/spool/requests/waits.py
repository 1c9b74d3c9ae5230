"""Why a delayed request waits: a file for each in `waits/` of its lane, named after the request's id."""

# It is written before the request moves among the delayed, and says something only of a request that is there: so a kill in
# between leaves a file that nobody asks for, and the next wait replaces it or `forget` removes it.
from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool.layout import lane as lane_folder

# In bytes; a wait says a sentence or two.
LARGEST = 65536

_ENDING = ".json"


class Waiting(NamedTuple):
    """Why and since when a request waits, and until when, if that is known; in epoch seconds.

    order: the microseconds in its name before it began to wait, with which it takes its old place in the queue again.
    """

    reason: str
    message: str
    since: float
    until: Optional[float]
    order: int


def write(home: Home, lane: str, request_id: str, waiting: Waiting) -> None:
    """Say why a request waits. Raises OSError.

    Not for good: after a power cut the request is asked about again, and waits again.
    """
    fields = {
        **waiting._asdict(),
        "since": iso(waiting.since),
        "until": None if waiting.until is None else iso(waiting.until),
    }
    os.makedirs(_folder(home, lane), mode=0o700, exist_ok=True)
    atomic.write(_path(home, lane, request_id), dumps(fields).encode() + b"\n", durable=False)


def read(home: Home, lane: str, request_id: str) -> Optional[Waiting]:
    """Why a request waits; None when it is not known, or it cannot be read."""
    try:
        fields = loads(plainfile.read(_path(home, lane, request_id), LARGEST).content.decode())
        until = None if fields["until"] is None else parse_moment(fields["until"], 0.0)
        return Waiting(
            str(fields["reason"]),
            str(fields["message"]),
            parse_moment(fields["since"], 0.0),
            until,
            int(fields["order"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def forget(home: Home, lane: str, request_id: str) -> None:
    """Take away what is said of a request: it waits no more. Raises OSError."""
    atomic.remove(_path(home, lane, request_id))


def sweep(home: Home, lane: str, pending: set[str]) -> None:
    """Take away what is said of requests that are not among the ids `pending`. Raises OSError."""
    for name in entries(_folder(home, lane)):
        if not name.startswith(".") and name[: -len(_ENDING)] not in pending:
            atomic.remove(f"{_folder(home, lane)}/{name}")


def _folder(home: Home, lane: str) -> str:
    return f"{lane_folder(home, lane)}/waits"


def _path(home: Home, lane: str, request_id: str) -> str:
    return f"{_folder(home, lane)}/{request_id}{_ENDING}"
