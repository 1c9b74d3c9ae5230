"""What is known of a simulated month beside what its home says."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

# Two sums of money are the same when they differ by less, in US dollars.
SAME = 1e-6


class Facts(NamedTuple):
    """What is known beside the home.

    drops: the task, item and origin of each request that was dropped, by its id. tasks: of each its lane, max_attempts,
    windows, threshold, cooldown, budget, and whether its clocks are so short that a run may be late ("hasty"); the same keys
    of a budget for lanes and for everything. reasons: how a run may end, by what its agent played. overshoot: the most that
    one run costs, in US dollars. claude: the tasks of that agent.
    """

    drops: dict[str, dict[str, Any]]
    tasks: dict[str, dict[str, Any]]
    slots: dict[str, int]
    lanes: dict[str, dict[str, float]]
    everything: dict[str, float]
    reasons: dict[str, tuple[str, ...]]
    overshoot: float
    journal: tuple[tuple[str, ...], ...]
    faults: tuple[str, ...]


def effect_of(record: dict[str, Any], name: str) -> Optional[dict[str, Any]]:
    """The first effect of that name in a record."""
    return next((effect for effect in record["effects"] if effect["effect"] == name), None)
