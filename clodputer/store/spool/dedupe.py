"""The ledger of dedupe keys: which request answers for a key, and until when."""

from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.digest import digest
from clodputer.store import atomic
from clodputer.store.home import Home
from clodputer.store.runs import read_json


class Entry(NamedTuple):
    """The request that answers for a key; `accepted_at` epoch seconds, `ttl` seconds.

    `dropped` and `inode` name the file it came in as: a drop that a crash left in `new/` is thus known as that same request.
    """

    key: str
    request_id: str
    accepted_at: float
    ttl: float
    dropped: str
    inode: int


def read(home: Home, key: str) -> Optional[Entry]:
    """The entry of a key, if there is one. Raises OSError."""
    fields = read_json(_path(home, key))
    try:
        return None if fields is None else Entry(**fields)
    except TypeError:
        return None


def write(home: Home, entry: Entry) -> None:
    """Let a request answer for its key from now on. Raises OSError."""
    os.makedirs(home.dedupe, mode=0o700, exist_ok=True)
    atomic.make_way(_path(home, entry.key))
    atomic.write(_path(home, entry.key), dumps(entry._asdict()).encode())


def remove(home: Home, key: str) -> None:
    """Let nobody answer for a key any more. Raises OSError."""
    atomic.remove(_path(home, key))


def _path(home: Home, key: str) -> str:
    return f"{home.dedupe}/{digest(key.encode())}.json"
