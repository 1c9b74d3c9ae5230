"""The effect `retry`: the request waits among the delayed to be run again, and what is known of its runs is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.effects.close import closed_if_cancelled
from clodputer.effects.settling import Settling, leave
from clodputer.model.runs.attempts import from_json
from clodputer.store.spool import queue
from clodputer.store.spool.requests import attempts, waits
from clodputer.store.spool.requests.waits import Waiting


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Move it, unless it has left the slot before; one that was cancelled meanwhile is closed instead.

    What it is to wait for comes from the record alone, so a repetition after a crash writes the same, and no attempt is
    counted twice. Of an effect that somebody has edited beyond recognition nothing is done.
    """
    context, slot, place = settling.context, settling.slot, settling.place
    if closed_if_cancelled(settling) or not os.path.lexists(settling.in_slot):
        return
    try:
        known = from_json(effect["attempts"])
        at = float(effect["at"])
        until = None if effect["until"] is None else float(effect["until"])
        waiting = Waiting(
            str(effect["code"]), str(effect["message"]), float(effect["since"]), until, place.microseconds
        )
        later = place._replace(microseconds=int(at * 1_000_000) + 1)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return
    attempts.write(context.home, place.id, known)
    waits.write(context.home, slot.lane, place.id, waiting)
    leave(settling, queue.free(queue.delayed_path(context.home, slot.lane, later)))
