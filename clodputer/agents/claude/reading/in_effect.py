"""What claude says it works with, beside what the task asked for: settings of the person may have changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clodputer.agents.lines import items, mapping, shortened, text
from clodputer.model.task import Task

MOST_NAMES = 256


def asked_mode(task: Task) -> str:
    """The permission mode to start claude with.

    2.1.329 calls the default mode `manual`, 2.1.197 knows it as `default` only; both take `default`.
    """
    mode = task.claude.permission_mode
    return "default" if mode in ("", "manual") else mode


def weaker_than_asked(in_effect: Mapping[str, Any], asked: str, forbidden: Sequence[str]) -> str:
    """What claude works with although the task asked for something else, in words; empty when all is as asked.

    forbidden: the tools that must not exist in it.
    """
    mode = text(in_effect.get("permission_mode"))
    if mode and asked and ("default" if mode == "manual" else mode) != asked:
        return f"permission_mode is {mode}, and {asked} was asked for"
    present = [name for name in forbidden if name in items(in_effect.get("tools"))]
    if present:
        return f"it has the tools {', '.join(present)}, which disallowed_tools forbids"
    return ""


def in_effect(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a run works with, as its first event says, for the record."""
    plugins = [mapping(plugin).get("name", plugin) for plugin in items(event.get("plugins"))]
    return {
        "permission_mode": text(event.get("permissionMode")),
        "model": text(event.get("model")),
        "login": text(event.get("apiKeySource")),
        "tools": [shortened(text(name), 100) for name in items(event.get("tools"))[:MOST_NAMES]],
        "plugins": [shortened(text(name), 100) for name in plugins[:MOST_NAMES]],
    }
