"""Unpark: let requests about a parked item run again; its failures so far count no more."""

from __future__ import annotations

from time import time
from typing import Any, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.waiting import PARKED
from clodputer.model.request import InvalidRequest, Place
from clodputer.model.task import NORMAL
from clodputer.model.text.jsontext import with_nulls
from clodputer.runner.intake.admitted import read_request
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile, layout, parked, queue
from clodputer.store.spool.parked import Parked
from clodputer.tasks import taskfile


class Unparked(NamedTuple):
    """A request that was let go: it waits in its lane's queue again."""

    request_id: str
    task: str
    item: str
    lane: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


def find(context: Context, wanted: str, task: str = "") -> list[Parked]:
    """What is parked of the item `wanted`, or the request of that id, or of an id that begins or ends so.

    task: only of that one; empty for all. Raises ClodputerError ("ambiguous") when items of several tasks fit.
    """
    known = [one for one in parked.everything(context.home) if task in ("", one.reason.task)]
    exact = [one for one in known if wanted in (one.reason.item, one.reason.request_id, one.name)]
    ids = [
        one
        for one in known
        if one.reason.request_id.startswith(wanted) or one.reason.request_id.endswith(wanted)
    ]
    found = exact or ids
    tasks = sorted({one.reason.task for one in found})
    items = sorted({one.reason.item for one in found})
    if len(tasks) > 1:
        raise ClodputerError(
            "ambiguous",
            f"{wanted[:80]!r} is parked for several tasks: {', '.join(tasks)}",
            "Name the task: clodputer unpark ITEM --task TASK",
        )
    if len(items) > 1:
        raise ClodputerError(
            "ambiguous",
            f"{len(items)} parked items fit {wanted[:80]!r}: {', '.join(items[:8])}",
            "Give more of it.",
        )
    # Whoever names one request means its item: the others about it are to go on as well.
    return [one for one in known if found and (one.reason.task, one.reason.item) == (tasks[0], items[0])]


def unpark(context: Context, found: list[Parked]) -> list[Unparked]:
    """Put these requests, all about one item, back into their queues, and wake those that waited for that. Raises OSError.

    Killed at any point, the next call goes on: that the item's failures count no more is on disk before anything moves.
    """
    done = []
    for one in found:
        now, reason = time(), one.reason
        lane, priority = _lane(context, one)
        layout.make_lane(context.home, lane)
        parked.let_go(context.home, reason.task, reason.item, now)
        place = Place(int(now * 1_000_000), priority, reason.request_id, reason.dropped_as)
        try:
            queue.move(f"{context.home.parked}/{one.name}", queue.path(context.home, lane, place))
        except FileNotFoundError:
            continue  # another call was quicker
        aside.forget(f"{context.home.parked}/{one.name}")
        context.log(
            now,
            "unparked",
            task=reason.task or None,
            request_id=reason.request_id,
            item=reason.item,
            lane=lane,
        )
        done.append(Unparked(reason.request_id, reason.task, reason.item, lane))
    for lane in layout.lanes(context.home):
        queue.wake(context.home, lane, lambda waiting: waiting.reason == PARKED)
    return done


def _lane(context: Context, one: Parked) -> tuple[str, int]:
    """The lane of its task as it is now, or where it was if that is gone; its own priority, or else that of its task."""
    path = f"{context.home.parked}/{one.name}"
    try:
        dropped = dropfile.read(path, one.reason.dropped_as)
        own = read_request(dropped, one.reason.dropped_as, one.reason.request_id, dropped.written_at).priority
    except (dropfile.Unreadable, InvalidRequest, FileNotFoundError):
        own = None
    try:
        task = taskfile.load(context.home, one.reason.task, context.environ)
    except ClodputerError:
        return one.reason.lane or "default", own or NORMAL
    return task.lane, own or task.priority
