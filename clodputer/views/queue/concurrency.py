"""What the limit over all lanes keeps waiting: queued requests of lanes that have a free slot, while no permit is left."""

from __future__ import annotations

from clodputer.model.queue.lanes import slots as slots_of
from clodputer.store.context import Context
from clodputer.store.spool import find, layout, slot
from clodputer.store.spool.slot import Slot


def reached(context: Context) -> str:
    """Why no further request is run now, as a sentence; empty when `max_concurrent` is not set or not reached.

    By the slots in which something lies: a permit is not tried, as an exec that is refused by us would leave its request.
    """
    most = context.settings.max_concurrent
    if most is None:
        return ""
    running = sum(1 for lane in layout.lanes(context.home) for _ in find.in_slot(context.home, lane))
    return f"{running} runs go on, of at most {most} at once (max_concurrent)." if running >= most else ""


def lanes(context: Context) -> list[str]:
    """The lanes whose requests wait for nothing but a permit, once the limit is reached."""
    return [
        lane
        for lane in layout.lanes(context.home)
        if any(
            slot.empty(context.home, Slot(lane, number))
            for number in range(slots_of(context.settings.lanes, lane))
        )
    ]
