"""One look at what the log says since the last one: the edges that follow from it, and what to remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges import limits, plugins, publishing, requests, runs
from clodputer.model.notify.edges.memory import Handler, Memory
from clodputer.model.notify.edges.told import Standing, Told
from clodputer.model.text.moment import moment_or

# The events of the log from which edges follow.
HANDLERS: Mapping[str, Handler] = {
    **runs.HANDLERS,
    **limits.HANDLERS,
    **requests.HANDLERS,
    **publishing.HANDLERS,
    **plugins.HANDLERS,
}


def look(
    told: Told,
    events: Iterable[Mapping[str, Any]],
    holds: Iterable[Standing],
    now: float,
    idle_after: Optional[float],
) -> tuple[Told, list[Edge]]:
    """What is to be reported at `now` (epoch seconds), and what to remember. idle_after: seconds, None for never."""
    memory = Memory(told, now)
    for event in events:
        handler = HANDLERS.get(str(event.get("event")))
        if handler is not None:
            handler(memory, event, _moment(event, now))
    limits.compare(memory, holds)
    runs.silence(memory, idle_after)
    return memory.told(), memory.found


def next_look(told: Told, idle_after: Optional[float]) -> Optional[float]:
    """When something is to be reported without any event (epoch seconds): a hold ends, or too long nothing runs."""
    moments = [hold["until"] for hold in told.holds.values() if hold.get("until") is not None]
    if idle_after is not None and told.active_at is not None and not told.idle:
        moments.append(told.active_at + idle_after)
    return min(moments, default=None)


def _moment(event: Mapping[str, Any], now: float) -> float:
    """When it happened, in epoch seconds: never in the future, and `now` where it does not say so."""
    return min(moment_or(event.get("timestamp"), now), now)
