"""Replace: with `overlap: replace` a newer request of a trigger ends the run of its task and takes its place.

Nothing is written for it. The exec that runs the task sees the newer request wait, and stops for as long as it is there to be
seen; so whoever is killed, the request that replaces is never lost, and no run is ended for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any, Callable, Optional

from clodputer.model.request import REPLACE, Place, Request
from clodputer.model.task import Task
from clodputer.runner.processes.stop import Stop
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import drop, dropfile, find, queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot

GLANCE = 0.1


def watch(context: Context, slot: Slot, task: Task) -> Optional[Callable[[], bool]]:
    """What tells whether a newer request is to take the place of a run; None when no trigger of its task asks for that."""
    place = slots.content(context.home, slot).place
    if place is None or not any(trigger.options.get("overlap") == REPLACE for trigger in task.triggers):
        return None
    mine = place

    def is_replaced() -> bool:
        # While the task is on hold nothing could take the place.
        if not any(_replacing(context.home, slot.lane, task.name, mine)):
            return False
        return holds.on_task(context.home, task, time()) is None

    return is_replaced


def make_way(context: Context, slot: Slot, place: Place, task: Task, request: Request, stop: Stop) -> str:
    """Wait in our slot until the runs that a claimed request replaces have left the other slots of the lane.

    Empty when it may run now; else why it may not: `cancelled` or `interrupted` by now, or `newer`: a later request of the
    task runs already. Raises OSError.
    """
    if request.origin.get("overlap") != REPLACE:
        return ""
    while True:
        others = list(_others(context.home, slot, task.name))
        if any(_order(other) > _order(place) for _, other in others):
            return "newer"
        if not others:
            return ""
        if slots.cancel_asked(context.home, slot, place.id):
            return "cancelled"
        if stop.requested:
            return "interrupted"
        for other, _ in others:
            with slots.lock(context.home, other) as held:
                if held:  # its exec died
                    from clodputer.runner.recover import recover

                    recover(context, other, time())
        stop.wait(GLANCE)


def put_back(context: Context, slot: Slot, place: Place) -> None:
    """Put a request that may not run now back into its queue. Raises OSError."""
    queue.move(slots.path(context.home, slot, place), queue.path(context.home, slot.lane, place))


def _order(place: Place) -> tuple[int, str]:
    """Which of two requests is the newer one: it came due later."""
    return place.microseconds, place.id


def _others(home: Home, slot: Slot, task: str) -> Iterator[tuple[Slot, Place]]:
    """What of a task is in other slots of the lane, its run begun or not."""
    for other in slots.of_lane(home, slot.lane):
        if other == slot:
            continue
        content = slots.content(home, other)
        if content.place is None:
            continue
        path = slots.path(home, other, content.place)
        if (content.task or dropfile.task_inside(path, content.place.dropped)) == task:
            yield other, content.place


def _replacing(home: Home, lane: str, task: str, mine: Place) -> Iterator[Place]:
    """The requests of the lane, queued or claimed into another slot, that replace the one of `mine`."""
    for found in find.in_lane(home, lane, find.QUEUED, find.RUNNING, part=f".{task}@"):
        place = found.place
        if (
            place is not None
            and _order(place) > _order(mine)
            and drop.is_slot_of(place.dropped, task)
            and _replaces(found.path, place.dropped)
        ):
            yield place


def _replaces(path: str, dropped: str) -> bool:
    try:
        origin: Any = dropfile.read(path, dropped).fields.get("origin")
    except (dropfile.Unreadable, OSError):
        return False
    return isinstance(origin, dict) and origin.get("overlap") == REPLACE
