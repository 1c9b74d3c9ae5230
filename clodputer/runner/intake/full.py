"""Whether so much waits in a lane (`queue_limit`) that nothing should add to it by itself."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.model.queue.lanes import queue_limit
from clodputer.model.triggers.route import routes
from clodputer.store.context import Context
from clodputer.store.spool import count
from clodputer.tasks import taskfile


def is_full(context: Context, lane: str) -> bool:
    """Whether as many requests of a lane wait as its queue_limit allows. Only names are looked at. Raises OSError."""
    waiting = count.in_lane(context.home, lane)
    return waiting.queued + waiting.delayed >= queue_limit(context.settings.lanes, lane)


def behind(context: Context, sender: str) -> str:
    """The first full lane to which routes lead the events of `sender`; empty when there is none. Raises OSError."""
    lanes = []
    for route in routes(context.settings.routes):
        if route.sender == sender:
            try:
                lanes.append(taskfile.load(context.home, route.to, context.environ).lane)
            except ClodputerError:
                continue  # `doctor` names routes to tasks that are not there
    return next((lane for lane in dict.fromkeys(lanes) if is_full(context, lane)), "")
