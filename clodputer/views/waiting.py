"""What waits, lane by lane: how many, since when, and the requests in the order in which they will run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, Optional

from clodputer.model.placename import is_place
from clodputer.model.request import InvalidRequest
from clodputer.runner.intake import read_request
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import aside as spool_aside
from clodputer.store.spool import attempts as spool_attempts
from clodputer.store.spool import dropfile, layout, waits, whereabouts
from clodputer.store.spool.waits import Waiting
from clodputer.store.spool.whereabouts import DELAYED, QUEUED, Found
from clodputer.views.setaside import words


class Lane(NamedTuple):
    """How much waits in a lane; `oldest` is when the request was made that has been queued longest, in epoch seconds."""

    name: str
    queued: int
    delayed: int
    oldest: Optional[float]


class Row(NamedTuple):
    """One request that has not ended. `position` counts from 1 in its lane's queue, and is 0 for what is not queued.

    created_at, not_before: epoch seconds. `unreadable` says why its content could not be read, `waits` why it is kept
    waiting although its own time has come.
    """

    state: str
    lane: str
    position: int
    request_id: str
    task: str
    priority: int
    created_at: Optional[float]
    not_before: Optional[float]
    attempt: int
    origin: Mapping[str, Any]
    file: str
    run_id: str = ""
    unreadable: str = ""
    waits: Optional[Waiting] = None


class Aside(NamedTuple):
    """A file in `rejected/`, `dead/` or `closed/`. `since`: epoch seconds."""

    request_id: str
    file: str
    path: str
    code: str
    reason: str
    retried_as: str
    since: float


def lanes(home: Home) -> list[Lane]:
    """How much waits in each lane; only names are looked at."""
    return [_lane(home, name) for name in layout.lanes(home)]


def dropped(home: Home) -> int:
    """How many files lie in `new/` and were not taken in yet."""
    return len(entries(home.new))


def rows(home: Home, lane: str, limit: int) -> list[Row]:
    """The first `limit` requests: those in a slot, then lane by lane what is queued, what is delayed; last what is dropped.

    lane: only that one; empty for all. Only the requests that are returned are read.
    """
    names = [lane] if lane else layout.lanes(home)
    running = (one for name in names for one in whereabouts.in_slot(home, name))
    queued = (pair for name in names for pair in enumerate(whereabouts.queued(home, name), 1))
    delayed = (one for name in names for one in whereabouts.delayed(home, name))
    new = iter(()) if lane else whereabouts.dropped(home)
    found = chain(
        ((0, one) for one in running), queued, ((0, one) for one in delayed), ((0, one) for one in new)
    )
    return [_row(home, position, one) for position, one in islice(found, limit)]


def aside(home: Home, place: str, limit: int) -> list[Aside]:
    """The latest `limit` files in the place `rejected`, `dead` or `closed`, the latest first. What was rejected has no id."""
    folder = place_folder(home, place)
    return [_aside(folder, name, place == "rejected") for name in spool_aside.names(folder)[:limit]]


def _aside(folder: str, name: str, rejected: bool) -> Aside:
    reason, path = spool_aside.read(folder, name), f"{folder}/{name}"
    return Aside(
        "" if rejected else spool_aside.id_of(name),
        name if rejected else reason.dropped_as,
        path,
        reason.code,
        words(reason),
        reason.retried_as,
        spool_aside.changed(path),
    )


def place_folder(home: Home, place: str) -> str:
    """The folder of the place `rejected`, `dead` or `closed`."""
    return {"rejected": home.rejected, "dead": home.dead, "closed": home.closed}[place]


def _lane(home: Home, name: str) -> Lane:
    queued, delayed = [], 0
    for state, folder in layout.places(home, name):
        names = [entry for entry in entries(folder) if is_place(entry)]
        delayed += len(names) if state == DELAYED else 0
        queued += [names] if state == QUEUED else []
    # A name begins with its microseconds, so the least name is the oldest.
    oldest = min((int(min(names).split(".", 1)[0]) / 1e6 for names in queued if names), default=None)
    return Lane(name, sum(map(len, queued)), delayed, oldest)


def _row(home: Home, position: int, one: Found) -> Row:
    task, created, before, attempt, origin, unreadable = one.task, None, None, 1, {}, ""
    priority = one.place.priority if one.place else 0
    try:
        dropped_file = dropfile.read(one.path, one.name)
        request = read_request(dropped_file, one.name, one.id or "none", dropped_file.written_at)
        task, created, attempt = request.task, request.created_at, request.attempt
        origin, before = dict(request.origin), request.not_before
    except (dropfile.Unreadable, InvalidRequest, OSError) as error:
        unreadable = "it has moved on" if isinstance(error, FileNotFoundError) else str(error)
    if one.state == DELAYED and one.place:
        before = one.place.microseconds / 1e6
    elif one.state == QUEUED:
        before = None
    known = spool_attempts.kept(home, one.id) if one.id else None
    if known is not None:
        attempt = max(attempt, known.attempt)
    return Row(
        one.state,
        one.lane,
        position,
        one.id,
        task,
        priority,
        created,
        before,
        attempt,
        origin,
        one.name,
        one.run_id,
        unreadable,
        waits.read(home, one.lane, one.id) if one.state == DELAYED else None,
    )
