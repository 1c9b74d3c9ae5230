"""The story of the month: its tasks and lanes, what is asked of them, and how each try is to end, by seeded dice."""

from __future__ import annotations

import json
from random import Random
from typing import Any, NamedTuple

# How many requests of a lane run side by side.
SLOTS = {"default": 1, "wide": 3, "reports": 1}

# Ways to end that an agent plays only where its task can have them.
OF_CLAUDE = (
    "overloaded",
    "server_error",
    "offline",
    "usage_limit",
    "usage_limit",
    "pruned",
    "max_turns",
    "max_cost",
    "denied",
    "no_result",
    "empty",
    "agent_error",
    "invalid_request",
    "no_progress",
    "auth",
    "billing",
    "model",
    "killed",
    "exit_status",
    "stray",
    "nothing_to_do",
)
OF_PROGRAMS = (
    "exit_status",
    "exit_status",
    "killed",
    "output_too_large",
    "nothing_to_do",
    "config",
    "stray",
)
OF_HANGING = ("startup_hang", "stall", "completed")
# What a try costs, in US dollars, when it costs anything.
COSTS = (0.2, 0.3, 0.4, 0.5)


class Kind(NamedTuple):
    """A task: its lane, its keys, and how its tries may end when they do not end well."""

    lane: str
    keys: dict[str, Any]
    ends: tuple[str, ...]


def _claude(lane: str, ends: tuple[str, ...] = OF_CLAUDE, **keys: Any) -> Kind:
    return Kind(lane, {"prompt": "Do your work.", **keys}, ends)


def _program(lane: str, ends: tuple[str, ...] = OF_PROGRAMS, **keys: Any) -> Kind:
    return Kind(lane, {"agent": "command", "max_output": "100KB", **keys}, ends)


TASKS = {
    "write": _claude("default", retry={"max_attempts": 3}, breaker={"threshold": 0}, limit={"windows": 2}),
    "fragile": _claude("default", breaker={"threshold": 3, "cooldown": "4h"}),
    "sync": _program("default", breaker={"threshold": 2, "cooldown": "2h"}),
    "careful": _claude(
        "default", budget={"per_day": 2.5, "runs_per_day": 8}, breaker={"threshold": 0}, limit={"windows": 0}
    ),
    "review": _claude("wide", budget={"per_24h": 4}, max_cost_usd=0.5, breaker={"threshold": 0}),
    "build": _program("wide", budget={"runs_per_day": 30}, breaker={"threshold": 0}),
    "poison": _program(
        "wide",
        ("exit_status", "exit_status", "killed"),
        park_after=2,
        retry={"max_attempts": 2, "backoff": "fixed", "wait": "10m"},
        breaker={"threshold": 0},
    ),
    "shaky": _program(
        "wide",
        retry={"max_attempts": 4, "backoff": "linear", "wait": "20m", "jitter": False},
        breaker={"threshold": 4, "cooldown": "90m"},
    ),
    "nightly": _claude("reports", trigger={"type": "interval", "every": "6h", "catch_up": "all"}),
    "hangs": _claude(
        "reports",
        OF_HANGING,
        startup_timeout="1s",
        stall_timeout="1s",
        stop_grace="1s",
        breaker={"threshold": 3, "cooldown": "1h"},
    ),
    "clean": _program("reports", trigger={"type": "interval", "every": "8h", "overlap": "queue"}),
    "mail": _program("reports", park_after=3, breaker={"threshold": 3, "cooldown": "3h"}),
}

# The budgets of a lane and of everything.
LANES: dict[str, dict[str, float]] = {"wide": {"per_day": 9}}
EVERYTHING: dict[str, float] = {"per_day": 16}
CONFIG: dict[str, Any] = {
    "lanes": {lane: {"slots": SLOTS[lane], "budget": budget} for lane, budget in LANES.items()},
    "budget": EVERYTHING,
    "require": {"disk_free": "1KB"},
    "log_size": "400KB",
}


class Drop(NamedTuple):
    """A request as it is dropped: the name of its file and what is in it; and how each of its tries is to end."""

    id: str
    task: str
    file: str
    fields: dict[str, Any]
    tries: tuple[tuple[str, float], ...]


def drops(number: int, dice: Random) -> list[Drop]:
    """So many requests, in the order in which they are dropped."""
    return [_drop(serial, dice) for serial in range(number)]


def _drop(serial: int, dice: Random) -> Drop:
    request = f"m{serial:05d}"
    task = dice.choice(list(TASKS))
    kind = TASKS[task]
    # Those that hang take a second each.
    bad = 0.05 if task == "hangs" else 0.4 if task in ("poison", "shaky") else 0.3
    tries: list[tuple[str, float]] = []
    while dice.random() < bad and len(tries) < 6:
        tries.append((dice.choice(kind.ends), dice.choice(COSTS)))
    tries.append(("completed", dice.choice(COSTS)))
    fields: dict[str, Any] = {"task": task, "id": request, "priority": dice.choice((1, 3, 3, 3, 5))}
    if task in ("poison", "mail"):
        fields["item"] = f"issue {dice.randrange(40)}"
    if dice.random() < 0.05:
        fields["not_before"] = f"+{dice.randrange(1, 20)}h"
    if dice.random() < 0.03:
        fields["expires_at"] = f"+{dice.randrange(1, 4)}h"
    if dice.random() < 0.04:
        fields["dedupe_key"] = f"key-{task}-{dice.randrange(3)}"
    if dice.random() < 0.05:
        fields["origin"] = {"trigger": "manual"}
    if dice.random() < 0.01:
        fields["task"] = "unknown"
    return Drop(request, task, f"{request}.json", fields, tuple(tries))


def text(drop: Drop) -> str:
    """The file; a hundredth of them are no requests at all."""
    return json.dumps(drop.fields)
