"""How far the topic of each webhook was read, and how the last question went: `ledger/topics/NAME.json`."""

from __future__ import annotations

import os
from json import dumps
from typing import Any

from clodputer.store.due.topics import folder
from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json

_ENDING = ".json"


def read(home: Home, webhook: str) -> dict[str, Any]:
    """What is known of a topic: `topic`, `since`, `next`, `asked`, `failures`, `message`; empty for nothing."""
    return dict(read_json(f"{folder(home)}/{webhook}{_ENDING}") or {})


def write(home: Home, webhook: str, known: dict[str, Any]) -> None:
    """Keep what is known of a topic, for good. Raises OSError."""
    os.makedirs(folder(home), mode=0o700, exist_ok=True)
    atomic.write(f"{folder(home)}/{webhook}{_ENDING}", dumps(known).encode() + b"\n")


def sweep(home: Home, webhooks: set[str]) -> None:
    """Forget the topics of webhooks that are no longer there. Raises OSError."""
    for name in entries(folder(home)):
        if name.endswith(_ENDING) and name[: -len(_ENDING)] not in webhooks:
            os.unlink(f"{folder(home)}/{name}")
