"""What waits, lane by lane: how many, since when, and the requests in the order in which they will run."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import Any, NamedTuple, Optional

from clodputer.model.gates.waiting import CONCURRENT, ends
from clodputer.model.queue.estimate import Estimate, Expected
from clodputer.model.queue.lanes import Lanes, queue_limit
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import count, find, idle, layout
from clodputer.store.spool.find import DELAYED, QUEUED, Found
from clodputer.store.spool.requests import attempts as spool_attempts
from clodputer.store.spool.requests import scores, waits
from clodputer.store.spool.requests.waits import Waiting
from clodputer.views.figures.effort import Efforts
from clodputer.views.queue import concurrency, fields, scored
from clodputer.views.queue.scored import Standing


class Lane(NamedTuple):
    """How much waits in a lane; `oldest` is when the request was made that has been queued longest, in epoch seconds.

    full: as much as its queue_limit allows, so that its triggers look no further.
    """

    name: str
    queued: int
    delayed: int
    oldest: Optional[float]
    full: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "lane": self.name,
            "queued": self.queued,
            "delayed": self.delayed,
            "oldest": _moment(self.oldest),
            "full": self.full,
        }


class Row(NamedTuple):
    """One request that has not ended. `position` counts from 1 in its lane's queue, and is 0 for what is not queued.

    created_at, not_before: epoch seconds; age: seconds. `unreadable` says why its content could not be read, `waits` why it
    is kept waiting although its own time has come. score: its points, where its task has a score.
    estimate: what a run of its task is expected to take and to cost.
    """

    state: str
    lane: str
    position: int
    request_id: str
    task: str
    priority: int
    created_at: Optional[float]
    age: Optional[float]
    not_before: Optional[float]
    attempt: int
    origin: Mapping[str, Any]
    file: str
    run_id: str = ""
    unreadable: str = ""
    waits: Optional[Waiting] = None
    score: Optional[Standing] = None
    estimate: Estimate = Estimate()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "position": self.position,
            "state": self.state,
            "lane": self.lane or None,
            "request_id": self.request_id or None,
            "task": self.task or None,
            "priority": self.priority or None,
            "created_at": _moment(self.created_at),
            "age_seconds": None if self.age is None else round(self.age, 3),
            "not_before": _moment(self.not_before),
            "attempt": self.attempt,
            "origin": dict(self.origin),
            "file": self.file,
            "run_id": self.run_id or None,
            "unreadable": self.unreadable or None,
            "waits": self.waits
            and {
                "reason": self.waits.reason,
                "message": self.waits.message,
                "since": iso(self.waits.since),
                "until": _moment(self.waits.until),
                "ends": self.ends,
            },
            "score": self.score and self.score.to_json(),
            "estimate": self.estimate.to_json() if self.estimate.duration else None,
        }

    @property
    def ends(self) -> str:
        """What lets it go on, if it is kept waiting; empty for a reason of which nobody knows."""
        return ends(self.waits.reason, self.task, self.request_id) if self.waits else ""


class Queue(NamedTuple):
    """The first requests of all that have not ended, and how many these are."""

    rows: tuple[Row, ...]
    total: int
    expected: tuple[Expected, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "requests": [row.to_json() for row in self.rows],
            "total": self.total,
            "expected": [one.to_json() for one in self.expected],
        }


def queue(context: Context, lane: str, limit: int, now: float) -> Queue:
    """The first `limit` requests at `now`: those in a slot, then lane by lane what is queued, what is delayed; last the drops.

    lane: only that one; empty for all. Only the requests that are returned are read.
    """
    home = context.home
    names = [lane] if lane else layout.lanes(home)
    full = concurrency.reached(context)
    unpermitted = dict.fromkeys(concurrency.lanes(context), full) if full else {}
    ahead = {name: scores.ahead(home, name) for name in names}
    running = [found for name in names for found in find.in_slot(home, name)]
    queued = (pair for name in names for pair in enumerate(find.queued(home, name), 1))
    delayed = (found for name in names for found in find.delayed(home, name))
    new = iter(()) if lane else find.dropped(home)
    everything = chain(((0, each) for each in running), queued, ((0, each) for each in chain(delayed, new)))
    rows = tuple(
        _row(home, position, found, now, unpermitted.get(found.lane, ""), ahead.get(found.lane, {}))
        for position, found in islice(everything, limit)
    )
    waiting = sum(each.queued + each.delayed for each in (count.in_lane(home, name) for name in names))
    total = len(running) + waiting + (0 if lane else dropped(home))
    efforts = Efforts(context, now)
    rows = tuple(row._replace(estimate=efforts.of(row.task)) for row in rows)
    return Queue(rows, max(total, len(rows)), tuple(efforts.lanes(names)))


def lanes(home: Home, said: Lanes) -> list[Lane]:
    """How much waits in each lane; only names are looked at."""
    return [_lane(home, name, queue_limit(said, name)) for name in layout.lanes(home)]


def dropped(home: Home) -> int:
    """How many files lie in `new/` and were not taken in yet."""
    return idle.count_drops(home)


def _lane(home: Home, name: str, limit: int) -> Lane:
    found = count.in_lane(home, name)
    return Lane(name, *found, full=found.queued + found.delayed >= limit)


def _row(
    home: Home, position: int, found: Found, now: float, unpermitted: str, ahead: Mapping[str, int]
) -> Row:
    """unpermitted: why nothing that is queued in its lane is run now although a slot is free; empty when it is.

    ahead: the head starts of the lane's requests.
    """
    start = ahead.get(found.id)
    came = found.place.microseconds + (start or 0) if found.place else 0
    task, created, before, attempt, unreadable = found.task, None, None, 1, ""
    origin: Mapping[str, Any] = {}
    priority = found.place.priority if found.place else 0
    try:
        said = fields.read(found)
        task, created, attempt = said.task, said.created_at, said.attempt
        origin, before = said.origin, said.not_before
    except (ValueError, OSError) as error:
        unreadable = "it has moved on" if isinstance(error, FileNotFoundError) else str(error)
    if found.state == DELAYED and found.place:
        before = found.place.microseconds / 1e6
    elif found.state == QUEUED:
        before = None
    known = spool_attempts.kept(home, found.id) if found.id else None
    if known is not None:
        attempt = max(attempt, known.attempt)
    return Row(
        found.state,
        found.lane,
        position,
        found.id,
        task,
        priority,
        created,
        None if created is None else max(0.0, now - created),
        before,
        attempt,
        origin,
        found.name,
        found.run_id,
        unreadable,
        _waits(home, found, unpermitted, came),
        None if start is None else scored.standing(home, found, start, came / 1e6, now),
    )


def _waits(home: Home, found: Found, unpermitted: str, came: int) -> Optional[Waiting]:
    if found.state == DELAYED:
        return waits.read(home, found.lane, found.id)
    if found.state == QUEUED and found.place and unpermitted:
        return Waiting(CONCURRENT, unpermitted, came / 1e6, None, found.place.microseconds)
    return None


def _moment(moment: Optional[float]) -> Optional[str]:
    return None if moment is None else iso(moment)
