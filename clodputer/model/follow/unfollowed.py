"""A follow-up that did not come, as something that a person is notified of once, until it comes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.follow.keys import LISTS
from clodputer.model.notify.edge import Edge


def place(event: Mapping[str, Any]) -> str:
    """Which follow-up an event of the log is about: its task, the list in which it stands, and its number there."""
    return f"{event.get('task')} {event.get('on')} {event.get('place')}"


def comes_again(event: Mapping[str, Any]) -> bool:
    """Whether the log will say so when it has come again; of what is to be remembered, say, it does not."""
    return event.get("on") in LISTS


def edge(event: Mapping[str, Any], at: float) -> Edge:
    """What is told of the event `not_followed`, at the moment `at` (epoch seconds)."""
    task, run_id = str(event.get("task") or ""), str(event.get("run_id") or "")
    what = ": ".join(str(event[key]) for key in ("on", "target") if event.get(key))
    return Edge(
        "not_followed",
        at,
        f"{task}: something did not follow",
        f"{what} did not come: {event.get('message')} ({event.get('reason')})",
        f"clodputer show {run_id} --trace",
        task=task,
        run_id=run_id,
        item=place(event),
    )
