"""Switch: tasks are enabled or disabled by one key of their files, the rest of which is left as it is."""

from __future__ import annotations

from collections.abc import Iterable
from time import strftime, time
from typing import Any, NamedTuple

from clodputer.model.task import Task
from clodputer.runner.due import account
from clodputer.store.context import Context
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
        for name, draft in drafts.items():
            _put(context, name, draft, enabled, reason)
    return [Switched(name, draft.path, enabled, draft.changed, draft.task) for name, draft in drafts.items()]


def _draft(context: Context, name: str, enabled: bool, reason: str, today: str) -> Draft:
    def switched(text: str) -> str:
        return change.switched(text, enabled, f"{name}.yaml", reason, today)

    return change.draft(context.home, context.environ, name, switched)


def _put(context: Context, name: str, draft: Draft, enabled: bool, reason: str) -> None:
    if not draft.changed:
        return
    if enabled and draft.was is not None and not draft.was.enabled:
        account(context, draft.was, time())
    change.put(draft)
    context.log(time(), "enabled" if enabled else "disabled", task=name, message=reason or None)
