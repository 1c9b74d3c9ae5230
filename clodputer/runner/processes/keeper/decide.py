"""What the keeper does next: a function of what it has heard and seen so far."""

from __future__ import annotations

from typing import NamedTuple, Optional

# After exec was killed the agent gets SIGTERM and so many seconds to obey; the next exec may be waiting for its slot.
GRACE = 2.0

# The steps. WAIT: for an order, for exec's death, for the end of a child. CLEAR: kill all that is left of the run.
WAIT, START, TERMINATE, CLEAR, LEAVE = "wait", "start", "terminate", "clear", "leave"


class Seen(NamedTuple):
    """What the keeper knows. Moments are monotonic seconds.

    go, terminate, clear: ordered and not yet done. orphaned: when exec died. asked: the agent was asked to leave after that.
    """

    go: bool = False
    terminate: bool = False
    clear: bool = False
    started: bool = False
    ended: bool = False
    orphaned: Optional[float] = None
    asked: bool = False


def next_step(seen: Seen, now: float) -> tuple[str, Optional[float]]:
    """The next step, and for WAIT the seconds after which to ask again, None for as long as nothing happens."""
    if seen.orphaned is not None:
        if not seen.started:
            return LEAVE, None  # whatever was ordered: nobody would look after it
        left = seen.orphaned + GRACE - now
        if seen.ended or left <= 0:
            return CLEAR, None
        return (WAIT, left) if seen.asked else (TERMINATE, None)
    if seen.go and not seen.started:
        return START, None
    if seen.clear:
        return CLEAR, None
    if seen.terminate:
        return TERMINATE, None
    return WAIT, None
