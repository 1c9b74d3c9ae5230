"""Plugins: one keeps failing, so that its breaker has opened, and one of which that was told works again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.memory import Handler, Memory, text


def _stopped(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    plugin = text(event, "plugin")
    if not plugin or plugin in memory.plugins:
        return
    title = f"plugin {plugin} keeps failing"
    memory.plugins[plugin] = memory.tell(
        Edge("plugin_failing", at, title, text(event, "message"), "clodputer plugins", item=plugin)
    )


def _works(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    plugin = text(event, "plugin")
    if memory.plugins.pop(plugin, False):
        title = f"plugin {plugin} works again"
        memory.tell(
            Edge(
                "plugin_recovered", at, title, "Its latest call succeeded.", "clodputer plugins", item=plugin
            )
        )


HANDLERS: Mapping[str, Handler] = {"plugin_down": _stopped, "plugin_works": _works}
