"""How long to wait before asking again."""

from __future__ import annotations

# Five minutes, then twice as long each time, at most an hour: what keeps a lane responsive after a limit of unknown length
# without hammering an account that is refused.
FIRST_PAUSE, LONGEST_PAUSE = 300.0, 3600.0


def limit_pause(limited_before: int) -> float:
    """Seconds to hold a lane after a usage limit whose reset is not known, the request's `limited_before`-th before this."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(limited_before, 10))
