"""The effect `log`: a line that a task's follow-up writes into the execution log."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Write it; when the settling is repeated after a crash the line may be there twice, like that of the run's end."""
    record = settling.record
    settling.context.log(
        time(),
        "note",
        task=record["task"],
        request_id=record["request_id"],
        run_id=settling.run_id,
        message=str(effect.get("message")),
    )
