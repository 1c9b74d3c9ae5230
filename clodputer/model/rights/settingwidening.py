"""Widening by settings: which changes of config.yaml give runs more rights, or let them run where they did not.

Such a change is a person's to make, as that of a task is (`model/rights/widening.py`): one row for each key of config.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional

from clodputer.model.config.settings import Settings

# Called with the values before and after, of which neither is the other; whether that gives more.
Rule = Callable[[Any, Any], bool]


def _another(_before: Any, _after: Any) -> bool:
    """What is said in keys of its own: any change is shown to the person, who sees what it gives."""
    return True


def _something(_before: Any, after: Any) -> bool:
    """A place that we write to, or that people follow a link to: taking it out gives nothing."""
    return bool(after)


def _looser(before: Optional[float], after: Optional[float]) -> bool:
    """An upper bound; None is none."""
    return before is not None and (after is None or after > before)


RULES: Mapping[str, Rule] = {
    # Which program runs as the agent, and where tasks run.
    "claude": _another,
    "claude_versions": _another,
    "machine": _another,
    "lanes": _another,
    # How much is spent and taken, and when runs are kept from beginning.
    "max_cost_usd": _looser,
    "max_concurrent": _looser,
    "budget": _another,
    "disk_ceiling": _another,
    "require": _another,
    "window": _another,
    "follow_ups": _another,
    # What may ask for runs, and which programs are started beside them.
    "routes": _another,
    "plugins": _another,
    "notify": _another,
    "webhooks": _another,
    "listen": _another,
    "github": _another,
    # What runs are given, which files are written, and where a person is led.
    "secrets": _another,
    "metrics": _something,
    "report": _another,
    "approve_link": _something,
}

# Keys that bound how long things take and how long they are kept, or say who hears of it, but give no right.
# tests/test_keys.py asks for each key of config.yaml that it is here or above.
HARMLESS = frozenset(
    (
        "idle_after",
        "keep_log_count",
        "keep_log_for",
        "keep_log_size",
        "keep_runs_count",
        "keep_runs_for",
        "keep_runs_size",
        "log_size",
        "max_output",
        "max_turns",
        "model",
        "ping",
        "stagger",
        "stall_timeout",
        "startup_timeout",
        "stop_grace",
        "sweep",
        "timeout",
    )
)


def widens(key: str, was: Optional[Settings], now: Settings) -> bool:
    """Whether the value that this key has now gives more than the one before. was: None for settings that could not be read.

    One that no table knows gives more: nobody has said that it does not.
    """
    if key in HARMLESS:
        return False
    rule = RULES.get(key)
    if rule is None or was is None:
        return True
    before, after = getattr(was, key), getattr(now, key)
    return bool(before != after and rule(before, after))
