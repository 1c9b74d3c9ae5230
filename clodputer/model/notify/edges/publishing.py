"""What runs publish: something was not sent, or waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.memory import Handler, Memory, text


def _not_published(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task, run_id, kind = text(event, "task"), text(event, "run_id"), text(event, "kind")
    title = f"{task} could not publish {kind.replace('_', ' ') or 'something'}"
    message = f"{text(event, 'message')} ({text(event, 'reason')})"
    memory.tell(
        Edge(
            "not_published", at, title, message, f"clodputer show {run_id}", task, run_id, f"{run_id} {kind}"
        )
    )


def _staged(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task, run_id = text(event, "task"), text(event, "run_id")
    title = f"{task} asks you before it publishes"
    message = f"It would publish: {text(event, 'message')}. Not to publish it: clodputer deny {run_id}"
    memory.tell(
        Edge("approval_wanted", at, title, message, f"clodputer approve {run_id}", task, run_id, run_id)
    )


HANDLERS: Mapping[str, Handler] = {"not_published": _not_published, "staged": _staged}
