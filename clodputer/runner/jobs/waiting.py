"""A lane goes on hold while its engine takes no jobs or does not answer; the hold ends by itself, then it is asked again."""

from __future__ import annotations

from typing import Any

from clodputer.model.text.moment import iso
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.holds import ENGINE, LANE, Hold, Target

# In seconds: two or three times within the usual `sweep`.
AGAIN_IN = 120.0


def hold_lane(context: Context, lane: str, message: str, now: float, **facts: Any) -> None:
    """Hold a lane for a while; a longer hold that is there stays. Raises OSError."""
    target, until = Target(LANE, lane), now + AGAIN_IN
    before = holds.ended(context.home, target, now)
    # One that follows another for the same reason goes on since then, and is logged once.
    follows = before is not None and (before.reason, before.message) == (ENGINE, message)
    since = before.since if before is not None and follows else now
    holds.place(context.home, target, Hold(ENGINE, message, since, until), extend=True)
    if not follows:
        context.log(now, "engine_waits", lane=lane, message=message, until=iso(until), **facts)
