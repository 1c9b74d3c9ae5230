"""The effect `bury`: the request goes to `dead/`, with the reason beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.request import Place
from clodputer.store.context import Context
from clodputer.store.spool import aside


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Bury it, unless it has left the slot before."""
    if os.path.lexists(settling.in_slot):
        reason = f"Its run {settling.run_id} ended as {effect['code']}: see {settling.folder}/record.json."
        bury(settling.context, settling.in_slot, settling.place, reason)


def bury(context: Context, path: str, place: Place, reason: str) -> str:
    """Move a request to `dead/` under its id and dropped name, with the reason beside it; where it is now. Raises OSError."""
    return aside.set_aside(
        context.home, path, context.home.dead, f"{place.id}.", place.dropped, context.masker.text(reason)
    )
