"""The effect `disable`: a task whose requests end without success in a row is disabled until a person enables it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.gates.autodisable import Disabled
from clodputer.store.taskstate import disabled, resets


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Disable it, unless another run has done so, or a person has enabled it since: this may be a repetition after a crash."""
    context, task = settling.context, str(settling.record["task"])
    try:
        found = Disabled(float(effect["at"]), int(effect["failures"]), str(effect["reason"]), settling.run_id)
    except (ValueError, TypeError, KeyError, OverflowError):
        return  # somebody has edited it beyond recognition
    known = disabled.read(context.home, task)
    by_another = known is not None and known.run_id != found.run_id
    if by_another or resets.moment(context.home, task) > found.at:
        return
    disabled.write(context.home, task, found)
    context.log(
        found.at,
        "auto_disabled",
        task=task,
        request_id=settling.place.id,
        run_id=settling.run_id,
        message=f"It was disabled automatically {found.words}.",
    )
