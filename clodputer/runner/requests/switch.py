"""Switch: tasks are enabled or disabled by one key of their files, the rest of which is left as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from time import strftime, time
from typing import Any, NamedTuple

from clodputer.model.task import Task
from clodputer.runner.intake.due import account
from clodputer.store import look
from clodputer.store.context import Context
from clodputer.store.taskstate import disabled, resets
from clodputer.tasks import change
from clodputer.tasks.change import Draft


class Switched(NamedTuple):
    """A task that was enabled or disabled, or was so before: then nothing was changed."""

    name: str
    path: str
    enabled: bool
    changed: bool
    task: Task

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"task": self.name, "path": self.path, "enabled": self.enabled, "changed": self.changed}


def switch(context: Context, names: Iterable[str], enabled: bool, reason: str = "") -> list[Switched]:
    """Enable or disable tasks: all of them, or none when one of the files cannot be changed. Raises ClodputerError, OSError.

    What passed while a task was disabled is accounted for before its file says that it is enabled: nothing of it is run.
    """
    today = strftime("%Y-%m-%d")
    with change.alone(context.home):
        drafts = {name: _draft(context, name, enabled, reason, today) for name in dict.fromkeys(names)}
        changed = {name: _put(context, name, draft, enabled, reason) for name, draft in drafts.items()}
    return [Switched(name, draft.path, enabled, changed[name], draft.task) for name, draft in drafts.items()]


def _draft(context: Context, name: str, enabled: bool, reason: str, today: str) -> Draft:
    def switched(text: str) -> str:
        return change.switched(text, enabled, f"{name}.yaml", reason, today)

    return change.draft(context.home, context.environ, name, switched)


def _put(context: Context, name: str, draft: Draft, enabled: bool, reason: str) -> bool:
    """Whether anything was changed."""
    by_itself = enabled and disabled.is_disabled(context.home, name)
    if not draft.changed and not by_itself:
        return False
    if enabled:
        begin_anew(context, draft)
    if draft.changed:
        change.put(draft)
    if enabled:
        let_go(context, name, draft.path)
    else:
        disabled.clear(context.home, name)  # its file says so now
    context.log(time(), "enabled" if enabled else "disabled", task=name, message=reason or None)
    return True


def begin_anew(context: Context, draft: Draft) -> None:
    """Before a task is enabled: account for what has passed. Raises ClodputerError, OSError."""
    if draft.was is not None and not draft.was.enabled:
        account(context, draft.was, time())


def let_go(context: Context, name: str, path: str) -> None:
    """Take back that a task was disabled automatically; its failures so far count no more. Raises OSError.

    Killed before the last step, it is disabled as before, and the next call goes on.
    """
    if not disabled.is_disabled(context.home, name):
        return
    resets.reset(context.home, name, time())
    # Its file has not changed, so that nobody would look at it before its next slot time.
    look.forget(context.home, os.path.basename(path))
    disabled.clear(context.home, name)
