"""A lane goes on hold while the disk is too full for its runs; the hold ends by itself, and then it is measured again."""

from __future__ import annotations

from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import CEILING
from clodputer.model.text.moment import iso
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.holds import LANE, Hold, Target


def hold_lane(context: Context, lane: str, verdict: Wait, now: float) -> None:
    """Hold the lane of a request that waits for room; a longer hold that is there stays. Raises OSError."""
    if verdict.reason != CEILING or verdict.until is None:
        return
    target = Target(LANE, lane)
    before = holds.ended(context.home, target, now)
    # One that follows another goes on since then, and is logged once.
    follows = before is not None and before.reason == CEILING and now - before.end < verdict.until - now
    since = before.since if before is not None and follows else now
    holds.place(context.home, target, Hold(CEILING, verdict.message, since, verdict.until), extend=True)
    if not follows:
        context.log(now, "disk_full", lane=lane, message=verdict.message, until=iso(verdict.until))
