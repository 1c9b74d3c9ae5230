"""Submit: drop a request of our own into the spool, by the same door as everybody's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, Optional

from clodputer.model.gates.waiting import MACHINE
from clodputer.model.request import Request, to_fields
from clodputer.store.computer import machine
from clodputer.store.context import Context
from clodputer.store.spool import drop
from clodputer.tasks import taskfile


def submit(
    context: Context,
    task: str,
    *,
    trigger: str,
    values: Optional[Mapping[str, Any]] = None,
    priority: Optional[int] = None,
    dedupe_key: str = "",
    body: str = "",
    not_before: Optional[float] = None,
    follow_ups: bool = True,
) -> str:
    """Drop a request for a task and return its id.

    not_before: epoch seconds. follow_ups: whether what the task names follows the end of its run. Raises OSError.
    """
    request = Request(
        os.urandom(4).hex(),
        task,
        time(),
        values or {},
        body,
        priority,
        not_before,
        dedupe_key=dedupe_key,
        origin={"trigger": trigger} if follow_ups else {"trigger": trigger, "follow_ups": False},
    )
    drop.drop(context.home, f"{task}.{request.id}.json", to_fields(request))
    return request.id


def alarm(context: Context, task: str) -> str:
    """Drop the request of a task whose alarm went off, and return its id; empty when the task is not to run here.

    One that comes while an earlier one waits or runs is coalesced with it, as two alarms mean the same. Raises ClodputerError
    when there is no such task or its file is broken, OSError.
    """
    found = taskfile.load(context.home, task, context.environ)
    if not found.enabled:
        context.log(time(), "skipped", task=task, reason="task_disabled")
        return ""
    if not machine.is_here(context.settings, found):
        message = machine.sentence(context.settings, found)
        context.log(time(), "skipped", task=task, reason=MACHINE, message=message)
        return ""
    return submit(context, found.name, trigger="alarm", dedupe_key=f"alarm:{found.name}")
