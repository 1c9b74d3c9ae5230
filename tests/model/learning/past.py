"""Past runs for what is learned from them: made in a line, the oldest first."""

from __future__ import annotations

from typing import Any

from clodputer.model import outcome
from clodputer.model.runs.pastrun import PastRun

# 2026-11-23 08:00 UTC, and an hour.
MONDAY, HOUR = 1_795_420_800.0, 3600.0


def past(number: int = 0, reason: str = "completed", **fields: Any) -> PastRun:
    """A run of the task `nightly`, that many hours after a Monday at eight, UTC."""
    made = PastRun(
        MONDAY + number * HOUR,
        "nightly",
        "default",
        "claude",
        f"{number:08x}",
        f"run-{number}",
        outcome.REASONS[reason].outcome,
        reason,
        60.0,
        0.1,
        "cron",
    )
    return made._replace(**fields)
