"""What keeps requests waiting although their own time has come: by task and reason, since when, until when, what ends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple, Optional

from clodputer.model.gates import waiting
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import dropfile, find, layout
from clodputer.store.spool.requests import scores, waits
from clodputer.views.queue import concurrency

# Enough to tell; of a hundred thousand that wait not each is read.
MOST = 200


class Waits(NamedTuple):
    """Requests of a task that wait for one reason. message: what is said of it, for people. request_id: of the first of them.

    since: when the first of them began to wait. until: when that is over, None when that is not known; both in epoch seconds.
    """

    task: str
    lane: str
    reason: str
    message: str
    since: float
    until: Optional[float]
    requests: int
    request_id: str

    @property
    def ends(self) -> str:
        """What lets them go on; empty for a reason of which nobody knows."""
        return waiting.ends(self.reason, self.task, self.request_id)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            **self._asdict(),
            "task": self.task or None,
            "since": iso(self.since),
            "until": None if self.until is None else iso(self.until),
            "ends": self.ends,
        }


def of_home(context: Context) -> list[Waits]:
    """What keeps the next of the requests of each lane waiting: those that are delayed, or for which no permit is left.

    Raises OSError.
    """
    delayed = (one for lane in layout.lanes(context.home) for one in _of_lane(context.home, lane))
    return _together(chain(delayed, _unpermitted(context)))


def of_task(found: Iterable[Waits], task: str) -> list[Waits]:
    """Those of a task."""
    return [one for one in found if one.task == task]


def _of_lane(home: Home, lane: str) -> Iterator[Waits]:
    for request in islice(find.delayed(home, lane), MOST):
        kept = waits.read(home, lane, request.id)
        if kept is not None:
            task = dropfile.task_inside(request.path, request.name)
            yield Waits(task, lane, kept.reason, kept.message, kept.since, kept.until, 1, request.id)


def _unpermitted(context: Context) -> Iterator[Waits]:
    message = concurrency.reached(context)
    if not message:
        return
    for lane in concurrency.lanes(context):
        ahead = scores.ahead(context.home, lane)
        for request in islice(find.queued(context.home, lane), MOST):
            task = dropfile.task_inside(request.path, request.name)
            came = request.place.microseconds + ahead.get(request.id, 0) if request.place else 0
            yield Waits(task, lane, waiting.CONCURRENT, message, came / 1e6, None, 1, request.id)


def _together(each: Iterable[Waits]) -> list[Waits]:
    """Those with one task and reason as one: the latest message, the first beginning, and the last end that is known."""
    found: dict[tuple[str, str, str], Waits] = {}
    for one in each:
        key = (one.task, one.lane, one.reason)
        before = found.get(key)
        if before is None:
            found[key] = one
            continue
        later = max(before, one, key=lambda waits: waits.since)
        found[key] = before._replace(
            message=later.message,
            since=min(before.since, one.since),
            until=None if before.until is None or one.until is None else max(before.until, one.until),
            requests=before.requests + 1,
        )
    return sorted(found.values(), key=lambda waits: (waits.since, waits.task))
