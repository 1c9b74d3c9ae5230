"""How long to wait before asking again."""

from __future__ import annotations

# Five minutes, then twice as long each time, at most an hour: what makes use of an account soon after a limit of unknown length
# without hammering an account that is refused.
FIRST_PAUSE, LONGEST_PAUSE = 300.0, 3600.0


def limit_pause(limited_before: int) -> float:
    """Seconds to hold an account after a usage limit whose reset is not known; `limited_before`: of so many before this one."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(limited_before, 10))
