"""The effect `event`: an event that the run has given goes into `new/`, exactly once, in the way in which `drop` does it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.drop import FOLDER
from clodputer.effects.settling import Settling
from clodputer.store.spool import drop


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Move it from the run's folder into `new/`, unless that was done before, and log it. Raises OSError."""
    folder, name = f"{settling.folder}/{FOLDER}", str(effect.get("name"))
    if os.path.basename(name) != name or not os.path.isfile(f"{folder}/{name}"):
        return
    fields = effect.get("event")
    settling.context.log(
        time(),
        "reported",
        task=settling.record["task"],
        request_id=settling.record["request_id"],
        run_id=settling.run_id,
        on=effect.get("on"),
        place=effect.get("place"),
        type=effect.get("target"),
        event_id=fields.get("id") if isinstance(fields, Mapping) else None,
    )
    drop.deliver(settling.context.home, folder, [name])
