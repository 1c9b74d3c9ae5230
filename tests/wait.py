"""Wait for a condition instead of guessing with a sleep."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")

# The first look comes soon, as most conditions hold at once; later ones cost a busy machine little.
FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.02
# It only tells what never comes from what comes late: on a busy machine a process may stand still for ten seconds.
PATIENCE = 100.0
# Of `at_some_pace`, in seconds.
UNITS = (0.3, 1.5, 7.5)


def until(
    condition: Callable[[], T], timeout: float = PATIENCE, message: str = "the condition never held"
) -> T:
    """Return the first true value of `condition()`; raise AssertionError with `message` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    pause = FIRST_PAUSE
    while True:
        # The clock is read first: the condition gets a last look after the deadline, however slow the machine.
        late = time.monotonic() >= deadline
        value = condition()
        if value:
            return value
        if late:
            raise AssertionError(f"{message} (waited {timeout:g} s)")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def at_some_pace(holds: Callable[[float], None]) -> None:
    """Call `holds` with a unit of time in seconds, by which it measures all clocks, and with longer ones until it succeeds.

    For what clocks decide: a machine on which processes stand still for longer than the shortest unit shows nothing.
    """
    for unit in UNITS[:-1]:
        try:
            return holds(unit)
        except AssertionError:
            continue
    return holds(UNITS[-1])
