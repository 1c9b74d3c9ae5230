"""What `enable` and `disable` have in common: one key of task files written, the rest of them left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import strftime, time
from typing import Any

from clodputer import triggers
from clodputer.cli import called
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.due import account
from clodputer.store.context import Context, look
from clodputer.tasks import change
from clodputer.tasks.change import Draft

LONGEST_REASON = 200


def switch(environ: Mapping[str, str], names: Iterable[str], enabled: bool, reason: str = "") -> Result:
    """Enable or disable tasks: all of them, or none when one of the files cannot be changed. Raises ClodputerError, OSError.

    What passed while a task was disabled is accounted for before its file says that it is enabled: nothing of it is run.
    """
    if len(reason) > LONGEST_REASON or reason != one_line(reason, LONGEST_REASON):
        message = f"--reason: one line of at most {LONGEST_REASON} characters is taken"
        raise ClodputerError("usage", message, "The rest belongs into the task's file.", ExitCode.USAGE)
    context = look(environ)
    today = strftime("%Y-%m-%d")
    rows: list[dict[str, Any]] = []
    with change.alone(context.home):
        drafts = {name: _draft(context, name, enabled, reason, today) for name in dict.fromkeys(names)}
        for name, draft in drafts.items():
            _put(context, name, draft, enabled, reason)
            rows.append({"task": name, "path": draft.path, "enabled": enabled, "changed": draft.changed})
    word = "enabled" if enabled else "disabled"
    lines = [
        f"{ink(row['task'], 'bold')} is {word}" if row["changed"] else f"{row['task']} was {word} already"
        for row in rows
    ]
    switched = [drafts[row["task"]].task for row in rows if row["changed"]]
    if enabled and any(triggers.needs_alarm(one) for task in switched for one in task.triggers):
        lines += called.next_steps(("install", "have an alarm set for what is due by the clock or a folder"))
    return Result({"tasks": rows}, "\n".join(lines))


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
