"""What the scores of waiting requests are made of: a file for each in `scores/` of its lane, whose name says the head start."""

# It is written before the request moves into its queue, and says something only of a request that is there, as waits.py does.
from __future__ import annotations

import os
from json import dumps
from typing import Optional

from clodputer.model.queue.score import Piece, Scored
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool.layout import lane as lane_folder

# In bytes; a score has a handful of parts.
LARGEST = 65536

_ENDING = ".json"


def write(home: Home, lane: str, request_id: str, scored: Scored) -> None:
    """Say what a score is made of. Raises OSError.

    Not for good: after a power cut the request keeps its place in the queue, and only the reasons for it are gone.
    """
    fields = {"points": scored.points, "parts": [piece._asdict() for piece in scored.pieces]}
    os.makedirs(_folder(home, lane), mode=0o700, exist_ok=True)
    path = f"{_folder(home, lane)}/{request_id}.{scored.ahead}{_ENDING}"
    atomic.write(path, dumps(fields).encode() + b"\n", durable=False)


def ahead(home: Home, lane: str) -> dict[str, int]:
    """The head start of each request of a lane that has a score, in microseconds, by its id; from names alone."""
    found = {}
    for name in entries(_folder(home, lane)):
        request_id, _, rest = name.partition(".")
        start = rest[: -len(_ENDING)]
        if request_id and rest.endswith(_ENDING) and start.isascii() and start.isdecimal():
            found[request_id] = int(start)
    return found


def read(home: Home, lane: str, request_id: str, start: int) -> Optional[Scored]:
    """The score of a request with this head start; None when it is not known, or it cannot be read."""
    try:
        path = f"{_folder(home, lane)}/{request_id}.{start}{_ENDING}"
        fields = loads(plainfile.read(path, LARGEST).content.decode())
        pieces = (Piece(str(one["name"]), float(one["points"]), str(one["why"])) for one in fields["parts"])
        return Scored(float(fields["points"]), tuple(pieces))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def sweep(home: Home, lane: str, pending: set[str]) -> None:
    """Take away what is said of requests that are not among the ids `pending`. Raises OSError."""
    for name in entries(_folder(home, lane)):
        if not name.startswith(".") and name.partition(".")[0] not in pending:
            atomic.remove(f"{_folder(home, lane)}/{name}")


def _folder(home: Home, lane: str) -> str:
    return f"{lane_folder(home, lane)}/scores"
