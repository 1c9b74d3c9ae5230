"""The effect `bury`: the request goes to `dead/`, with the reason beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.request import Place
from clodputer.store.context import Context
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Bury it, unless it has left the slot before."""
    if os.path.lexists(settling.in_slot):
        message = f"Its run {settling.run_id} ended as {effect['code']}: see {settling.folder}/record.json."
        task = str(settling.record["task"])
        bury(settling.context, settling.in_slot, settling.place, str(effect["code"]), message, task)


def bury(context: Context, path: str, place: Place, code: str, message: str, task: str = "") -> str:
    """Move a request to `dead/` under its id and dropped name, with the reason beside it; where it is now. Raises OSError."""
    reason = Reason(code, context.masker.text(message), place.id, task, place.dropped, time())
    return aside.set_aside(path, context.home.dead, f"{place.id}.", reason)
