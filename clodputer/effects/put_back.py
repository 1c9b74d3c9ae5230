"""The effect `put_back`: the request goes back to its queue, its attempt not used up; a cancelled one is closed instead."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.close import close_cancelled
from clodputer.effects.settling import Settling, leave
from clodputer.store.spool import queue
from clodputer.store.spool import slot as slots


def perform(settling: Settling, _effect: Mapping[str, Any]) -> None:
    """Move it, unless it has left the slot before."""
    context, slot, place = settling.context, settling.slot, settling.place
    if slots.cancel_asked(context.home, slot, place.id) and os.path.lexists(settling.in_slot):
        close_cancelled(
            context, settling.in_slot, place.id, place.dropped, time(), lane=slot.lane, run_id=settling.run_id
        )
    leave(settling, queue.free(queue.path(context.home, slot.lane, place)))
