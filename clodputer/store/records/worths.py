"""What the runs of each task are worth beside those of the other tasks of its lane: one pass over the latest runs of all."""

from __future__ import annotations

from itertools import islice

from clodputer.model.learning.worth import Worth, by_lane
from clodputer.store.records.history import History

# So many runs of all tasks are looked at, back to so many seconds ago.
MOST, SINCE = 3000, 30 * 86400.0


def of_home(history: History, now: float) -> dict[str, dict[str, Worth]]:
    """By lane and task, at `now` (epoch seconds). Raises OSError."""
    return by_lane(islice(history.runs(now - SINCE), MOST))
