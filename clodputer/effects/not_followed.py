"""The effect `not_followed`: a follow-up that does not come is logged, never silently left out."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Log which one does not come, and why."""
    record = settling.record
    settling.context.log(
        time(),
        "not_followed",
        task=record["task"],
        request_id=record["request_id"],
        run_id=settling.run_id,
        reason=effect.get("code"),
        message=effect.get("message"),
        on=effect.get("on"),
        place=effect.get("place"),
        target=effect.get("target"),
    )
