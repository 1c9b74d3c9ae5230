"""Requests that wait for approval, found by the item that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.request import InvalidRequest, Request, from_fields, item_of
from clodputer.store.home import Home
from clodputer.store.spool import dropfile, find, layout
from clodputer.store.spool.find import DELAYED, QUEUED, RUNNING, Found
from clodputer.store.spool.requests import waits


class Asking(NamedTuple):
    """A request that asks a person, where it lies, and since when it asks (epoch seconds)."""

    found: Found
    request: Request
    since: float


def about(home: Home, task: str, item: str) -> Iterator[Asking]:
    """The requests of a task about an item that wait for approval. Raises OSError."""
    for lane in layout.lanes(home):
        for found in find.in_lane(home, lane, DELAYED):
            asking = _asking(home, found)
            if asking is not None and asking.request.task == task and item_of(asking.request) == item:
                yield asking


def of_id(home: Home, request_id: str) -> Optional[Asking]:
    """The request of that id if it asks, also while its gates are just asked again; None when it does not. Raises OSError."""
    for lane in layout.lanes(home):
        # In the order in which it moves, so that it is not passed by.
        for found in find.in_lane(home, lane, DELAYED, QUEUED, RUNNING, part=request_id):
            asking = _asking(home, found) if found.id == request_id else None
            if asking is not None:
                return asking
    return None


def _asking(home: Home, found: Found) -> Optional[Asking]:
    waiting = waits.read(home, found.lane, found.id)
    if waiting is None or waiting.reason != APPROVAL:
        return None
    try:
        dropped = dropfile.read(found.path, found.name)
        fields = dropped.fields
        request = from_fields(fields, request_id=found.id, created_at=dropped.written_at, origin={})
    except (OSError, dropfile.Unreadable, InvalidRequest):
        return None  # it has just gone on
    return Asking(found, request._replace(id=found.id), waiting.since)
