"""The counts for metrics, kept with the place up to which the log was read for them; and why their file was not written."""

from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple

from clodputer.model.text.jsontext import loads
from clodputer.model.upkeep.metrics import Totals, of_fields
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home
from clodputer.store.log import archive
from clodputer.store.log.since import Place
from clodputer.store.upkeep import lastfailure

LARGEST = 16 * 1024 * 1024
FORMAT = 1


class Counted(NamedTuple):
    """The totals, and the place in the log up to which they go. Written together, so that no run is counted twice or never."""

    totals: Totals
    place: Place


def read(home: Home) -> Counted:
    """What was counted; nothing, from the beginning of the oldest log on, when the file is missing or damaged."""
    try:
        fields = loads(plainfile.read(_path(home), LARGEST).content.decode())
        totals = of_fields(fields["totals"]) if fields["format"] == FORMAT else None
        inode, offset = map(int, fields["place"])
        if totals is not None:
            return Counted(totals, Place(inode, offset))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return Counted(Totals(), _beginning(home))


def write(home: Home, counted: Counted) -> None:
    """Keep it. Raises OSError."""
    fields = {"format": FORMAT, "totals": counted.totals._asdict(), "place": list(counted.place)}
    atomic.write(_path(home), dumps(fields, separators=(",", ":")).encode() + b"\n", durable=False)


def problem(home: Home) -> str:
    """Why the file of the metrics could not be written the last time; empty when it could."""
    return lastfailure.read(_failed(home))


def note_problem(home: Home, message: str) -> bool:
    """Note it, or that there is none; whether that is news. Raises OSError."""
    return lastfailure.note(_failed(home), message)


def _beginning(home: Home) -> Place:
    for path in archive.archives(home):
        try:
            return Place(os.stat(path).st_ino, 0)
        except OSError:
            continue
    return Place(0, 0)


def _path(home: Home) -> str:
    return f"{home.ledger}/metrics.json"


def _failed(home: Home) -> str:
    return f"{home.ledger}/metrics.failed"
