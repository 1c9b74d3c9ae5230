"""Around a run: what it wants published is collected before and after it. Tasks that publish nothing load nothing of that."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.outgoing import intentplace


def begin(task: Task, request: Request, folder: str, temporary: str) -> None:
    """Make what a run of the task needs to leave intents, and note where its commits would go. Raises OSError.

    task: with its working directory as the agent has it.
    """
    if task.publish.kinds:
        from clodputer.runner.publish import folder as intentfolder

        intentfolder.begin(task, request, folder, temporary)


def take_back(task: Task, folder: str, temporary: str) -> None:
    """Keep what the run has left in its own folder. Raises OSError."""
    if task.publish.kinds:
        from clodputer.runner.publish import folder as intentfolder

        intentfolder.take_back(folder, temporary)


def salvage(folder: str, temporary: str) -> None:
    """The same for a run whose exec was killed: nothing of it is sent, and it can be read. Never raises."""
    if (
        temporary
        and os.path.isdir(intentplace.path(temporary))
        and not os.path.lexists(f"{folder}/{intentplace.KEPT}")
    ):
        from clodputer.runner.publish import folder as intentfolder

        try:
            intentfolder.take_back(folder, temporary)
        except OSError:
            return


def conclude(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The record, with what its run wants published held against the rules of its task. Raises OSError."""
    if not task.publish.kinds:
        return dict(record)
    from clodputer.runner.publish.broker import with_publication

    return with_publication(context, task, request, record, result)


def conclude_plan(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The record of a run that was only to make a plan. task: as it is written. Raises OSError."""
    if not task.publish.kinds:
        return dict(record)
    from clodputer.runner.publish.broker import with_plan

    return with_plan(context, task, request, record, result)
