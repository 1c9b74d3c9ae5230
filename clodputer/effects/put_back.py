"""The effect `put_back`: the request goes back to its queue, its attempt not used up; a cancelled one is closed instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.effects.close import closed_if_cancelled
from clodputer.effects.settling import Settling, leave
from clodputer.store.spool import queue


def perform(settling: Settling, _effect: Mapping[str, Any]) -> None:
    """Move it, unless it has left the slot before."""
    if not closed_if_cancelled(settling):
        back = queue.path(settling.context.home, settling.slot.lane, settling.place)
        leave(settling, queue.free(back))
