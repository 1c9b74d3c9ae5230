"""Limit: what becomes of a run that a usage limit of its account cut off; the value and its keys."""

from __future__ import annotations

from typing import NamedTuple

from clodputer.model.config.keys import COUNT, PART, READING, Key
from clodputer.model.numbers.dice import dice

# When a limit ends, the tasks of the account begin again one after the other, within these many seconds.
SOONEST_WAKE, LATEST_WAKE = 5.0, 120.0


class Limit(NamedTuple):
    """windows: how many usage limits a request waits through before it is given up."""

    windows: int = 4


def wake_after(task: str) -> float:
    """Seconds from the end of a usage limit until a task's requests go on: the same each time, and another for each task."""
    return SOONEST_WAKE + dice("wake", task) * (LATEST_WAKE - SOONEST_WAKE)


KEYS = (
    Key(
        "limit",
        PART,
        {},
        "What happens to a run that a usage limit cut off.",
        keys=(
            Key(
                "windows",
                COUNT,
                4,
                "How many usage limits a request waits through before it is given up. After each it goes on with its session. "
                "`0`: it is given up at the first one.",
                smallest=0,
                largest=100,
                example=1,
            ),
        ),
        absent="as its keys say",
        env=READING,
        example={"windows": 1},
    ),
)
