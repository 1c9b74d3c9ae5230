"""The effect `publish`: what the run publishes goes into the outbox, or where it waits for a person, exactly once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects import notify
from clodputer.effects.settling import Settling
from clodputer.model.publish.parcel import from_json, words
from clodputer.store.outgoing import parcels


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Move the parcel from the run's folder, unless that was done before, and log it. Raises OSError."""
    name = str(effect.get("name"))
    path = f"{settling.folder}/{notify.FOLDER}/{name}"
    fields = effect.get("parcel")
    if os.path.basename(name) != name or not os.path.isfile(path) or not isinstance(fields, Mapping):
        return
    parcel, staged = from_json(fields), effect.get("staged") is True
    settling.context.log(
        time(),
        "staged" if staged else "publishing",
        task=settling.record["task"],
        request_id=settling.record["request_id"],
        run_id=settling.run_id,
        message=words(parcel.steps),
    )
    parcels.move_in(settling.context.home, path, parcel, staged=staged)
