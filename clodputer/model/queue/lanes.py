"""What config.yaml says of lanes: how many requests run at the same time, how many may wait, what they may cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.config.keys import COUNT, DURATION, NAMED, Key
from clodputer.model.engine import keys as engine
from clodputer.model.gates import budget, ceiling

MOST_SLOTS = 64
MOST_CONCURRENT = 1024
QUEUE_LIMIT = 1000
# Lanes that have more than one slot where nothing is said of them: their runs are for others, and wait for answers.
USUAL_SLOTS: Mapping[str, int] = {"github": 3}

# The lanes of which something is said, by name, each with some of the keys below.
Lanes = Mapping[str, Mapping[str, Any]]

KEY = Key(
    "lanes",
    NAMED,
    {},
    "Settings for single lanes, by name.",
    keys=(
        Key(
            "slots",
            COUNT,
            1,
            "How many requests of the lane may run at the same time.",
            1,
            MOST_SLOTS,
            absent="`1`, and `3` for the lane `github`",
            example=5,
        ),
        Key(
            "queue_limit",
            COUNT,
            QUEUE_LIMIT,
            "While this many requests of the lane wait, its triggers that look at something (`file_watch`, `error_log`, "
            "`findings`, `github`) stop looking, and plugins whose events are routed to it are not polled; what changes "
            "meanwhile is found later. Requests that are dropped are taken in all the same.",
            1,
            1_000_000,
            example=100,
        ),
        budget.key("the lane's runs"),
        ceiling.key("The lane"),
        *engine.KEYS,
    ),
    check=engine.check,
    absent="one slot for each lane (three for `github`), and no limit to what it may cost",
    example={"reports": {"slots": 3}},
)

# In the order of the page of config.yaml.
KEYS = (
    KEY,
    Key(
        "max_concurrent",
        COUNT,
        None,
        "How many requests of all lanes together may run at the same time; see [Runs side by side](lanes.md).",
        1,
        MOST_CONCURRENT,
        absent="no limit: each lane uses all its slots",
        example=3,
    ),
    Key(
        "stagger",
        DURATION,
        2.0,
        "While another run is going on, a run of claude begins at the earliest this long after the last one has begun.",
        0,
        300,
        example="2s",
    ),
)


def slots(lanes: Lanes, lane: str) -> int:
    """How many requests of a lane may run at the same time."""
    found: int = lanes.get(lane, {}).get("slots", USUAL_SLOTS.get(lane, 1))
    return found


def queue_limit(lanes: Lanes, lane: str) -> int:
    """While so many requests of a lane wait, its sources look no further."""
    found: int = lanes.get(lane, {}).get("queue_limit", QUEUE_LIMIT)
    return found


def engine_of(lanes: Lanes, lane: str) -> str:
    """The engine that runs the requests of a lane elsewhere; empty when they run on this machine."""
    found: str = lanes.get(lane, {}).get("engine", "")
    return found
