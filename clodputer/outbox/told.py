"""What was reported already, and how far the log was read for that; with letters that are about to be put into the outbox."""

from __future__ import annotations

from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.notify.edges.told import Told
from clodputer.model.notify.letter import Letter, from_json, to_json
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home
from clodputer.store.log.since import Place

LARGEST = 64 * 1024 * 1024
FORMAT = 1


class Known(NamedTuple):
    """What `ledger/told.json` says. pending: letters that were decided on and may not be in the outbox yet."""

    told: Told = Told()
    place: Place = Place(0, 0)
    pending: tuple[Letter, ...] = ()


def path(home: Home) -> str:
    """The file."""
    return f"{home.ledger}/told.json"


def read(home: Home) -> Optional[Known]:
    """What is known; None when nothing is, or the file is damaged."""
    try:
        fields = loads(plainfile.read(path(home), LARGEST).content.decode())
        if fields["format"] != FORMAT:
            return None
        letters = tuple(from_json(letter) for letter in fields["pending"])
        inode, offset = fields["place"]
        return Known(Told(**fields["told"]), Place(int(inode), int(offset)), letters)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write(home: Home, known: Known) -> None:
    """Commit it, for good. Raises OSError."""
    fields = {
        "format": FORMAT,
        "told": known.told._asdict(),
        "place": list(known.place),
        "pending": [to_json(letter) for letter in known.pending],
    }
    atomic.write(path(home), dumps(fields, separators=(",", ":")).encode() + b"\n")
