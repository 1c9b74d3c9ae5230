"""Close: put a request that a person has done with into `closed/`, with the reason beside it."""

from __future__ import annotations

import os
from time import time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile
from clodputer.store.spool import slot as slots
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.requests import attempts, waits
from clodputer.store.spool.slot import PERSON


def close(context: Context, path: str, reason: Reason) -> str:
    """Move a request, unopened, to `closed/` under its id and dropped name; where it is now.

    Raises FileNotFoundError when it is not there any more: of several who want it, a claim among them, one rename wins.
    Raises OSError.
    """
    # Homes that were made before there was such a folder.
    os.makedirs(context.home.closed, mode=0o700, exist_ok=True)
    kept = aside.set_aside(path, context.home.closed, f"{reason.request_id}.", reason)
    attempts.forget(context.home, reason.request_id)
    return kept


def close_cancelled(
    context: Context, path: str, request_id: str, dropped: str, now: float, why: str = PERSON, **facts: Any
) -> str:
    """Close a request that was cancelled before it ran, and say so in the log; where it is now. Raises as `close` does.

    why: a clause that goes on after "because".
    """
    task = str(facts.get("task") or dropfile.task_inside(path, dropped))
    message = f"Cancelled before it ran, because {context.masker.text(why)}."
    kept = close(context, path, Reason(aside.CANCELLED, message, request_id, task, dropped, now))
    if facts.get("lane"):
        waits.forget(context.home, facts["lane"], request_id)
    context.log(now, "cancelled", request_id=request_id, kept=kept, **facts)
    return kept


def closed_if_cancelled(settling: Settling) -> bool:
    """Close the request of a run instead of letting it go on, if somebody has asked for that and it is still in the slot."""
    context, slot, place = settling.context, settling.slot, settling.place
    if not slots.cancel_asked(context.home, slot, place.id) or not os.path.lexists(settling.in_slot):
        return False
    why = slots.why_cancelled(context.home, slot, place.id)
    facts = {"lane": slot.lane, "run_id": settling.run_id}
    close_cancelled(context, settling.in_slot, place.id, place.dropped, time(), why, **facts)
    return True
