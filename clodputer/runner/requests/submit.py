"""Submit: drop a request of our own into the spool, by the same door as everybody's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time

from clodputer.model.request import Request, to_fields
from clodputer.store.context import Surroundings
from clodputer.store.spool import layout
from clodputer.store.tasks import taskfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


def submit(
    around: Surroundings,
    task: str,
    *,
    trigger: str,
    context: Optional[Mapping[str, Any]] = None,
    priority: Optional[int] = None,
    dedupe_key: str = "",
) -> str:
    """Drop a request for a task and return its id. Raises OSError."""
    request = Request(os.urandom(4).hex(), task, time(), context or {}, priority=priority, dedupe_key=dedupe_key,
                      origin={"trigger": trigger})  # fmt: skip
    layout.drop(around.home, f"{task}.{request.id}.json", to_fields(request))
    return request.id


def alarm(around: Surroundings, task: str) -> str:
    """Drop the request of a task whose alarm went off, and return its id; empty when the task is switched off.

    One that comes while an earlier one waits or runs is coalesced with it, as two alarms mean the same. Raises ClodputerError
    when there is no such task or its file is broken, OSError.
    """
    found = taskfile.load(around.home, task, around.environ)
    if not found.enabled:
        around.log(time(), "skipped", task=task, reason="task_disabled")
        return ""
    return submit(around, found.name, trigger="alarm", dedupe_key=f"alarm:{found.name}")
