"""The effect `park`: the request goes to `parked/`, as no run gets done what it is about, with its story beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.bury import story_of
from clodputer.effects.settling import Settling
from clodputer.store.spool import aside, parked
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.requests import attempts


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Park it, unless it has left the slot before."""
    if not os.path.lexists(settling.in_slot):
        return
    context, place, task = settling.context, settling.place, str(settling.record["task"])
    code, item, message = (str(effect.get(key) or "") for key in ("code", "item", "message"))
    reason = Reason(
        code,
        context.masker.text(f"{message} Its last run {settling.run_id} ended as {code}."),
        place.id,
        task,
        place.dropped,
        time(),
        attempts=story_of(effect),
        item=item,
        lane=settling.slot.lane,
    )
    os.makedirs(context.home.parked, mode=0o700, exist_ok=True)
    # First, as bury does.
    attempts.forget(context.home, place.id)
    aside.set_aside(settling.in_slot, context.home.parked, parked.prefix(place.id, task, item), reason)
    context.log(
        time(),
        "parked",
        task=task,
        request_id=place.id,
        run_id=settling.run_id,
        item=item,
        reason=code,
        message=message,
    )
