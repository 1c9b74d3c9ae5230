"""The place that a file name in a lane describes."""

from __future__ import annotations

from typing import Optional

from clodputer.model.request import Place
from clodputer.store.spool.layout import is_place


def parse_place(name: str) -> Optional[Place]:
    """The place that a file name describes, or None when it is not one of our names."""
    if not is_place(name):
        return None
    microseconds, priority, request_id, dropped = name.split(".", 3)
    return Place(int(microseconds), int(priority), request_id, dropped)
