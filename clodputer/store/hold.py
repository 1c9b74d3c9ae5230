"""A hold: a file that stops a lane, with its reason and perhaps its end."""

from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.jsontext import loads
from clodputer.model.moment import iso, parse_moment
from clodputer.store import atomic, plainfile
from clodputer.store.home import Home
from clodputer.store.spool.layout import lane as lane_folder

# In bytes; a hold says one sentence.
LARGEST = 65536


class Hold(NamedTuple):
    """Why a lane stands still, and until when (epoch seconds; None: until somebody lifts it)."""

    reason: str
    message: str
    until: Optional[float]


def place(home: Home, lane: str, hold: Hold) -> None:
    """Put a lane on hold; an earlier hold is replaced. Raises OSError."""
    fields = hold._asdict()
    fields["until"] = None if hold.until is None else iso(hold.until)
    atomic.write(f"{lane_folder(home, lane)}/hold", dumps(fields).encode() + b"\n")


def current(home: Home, lane: str, now: float) -> Optional[Hold]:
    """The hold a lane is under at `now` (epoch seconds), if any; one that has ended is lifted in passing."""
    hold = read(home, lane, now)
    if hold is not None and hold.until is not None and hold.until <= now:
        os.unlink(f"{lane_folder(home, lane)}/hold")
        return None
    return hold


def read(home: Home, lane: str, now: float) -> Optional[Hold]:
    """What a lane's hold says, whether or not it has ended at `now` (epoch seconds); nothing is changed.

    A hold that cannot be read holds: somebody put it there for a reason.
    """
    path = f"{lane_folder(home, lane)}/hold"
    try:
        fields = loads(plainfile.read(path, LARGEST).content.decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        fields = None
    try:
        until = None if fields.get("until") is None else parse_moment(fields["until"], now)
        return Hold(str(fields.get("reason", "held")), str(fields.get("message", "")), until)
    except (ValueError, AttributeError, TypeError):
        return Hold("held", f"{path} cannot be read as JSON; remove it to let the lane go on", None)
