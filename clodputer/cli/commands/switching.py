"""What `enable` and `disable` have in common: the call, and the answer in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clodputer import triggers
from clodputer.cli import called
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import switch as switches
from clodputer.store.context import look
from clodputer.tasks import taskfile

LONGEST_REASON = 200


def switch(
    environ: Mapping[str, str],
    names: Sequence[str],
    enabled: bool,
    reason: str = "",
    *,
    confirm: bool = False,
) -> Result:
    """Enable or disable tasks, all or none. Raises ClodputerError, OSError."""
    if len(reason) > LONGEST_REASON or reason != one_line(reason, LONGEST_REASON):
        message = f"--reason takes one line of at most {LONGEST_REASON} characters"
        raise ClodputerError("usage", message, "Write more into the task's file.", ExitCode.USAGE)
    context = look(environ)
    if enabled:
        for name in names:
            was, _ = taskfile.check_file(context.home, taskfile.find(context.home, name), environ)
            if was is None or not was.enabled:
                consent.require_to_enable(environ, name, confirm)
    done = switches.switch(context, names, enabled, reason)
    word = "enabled" if enabled else "disabled"
    lines = [
        f"{ink(each.name, 'bold')} is {word}" if each.changed else f"{each.name} was {word} already"
        for each in done
    ]
    changed = [each.task for each in done if each.changed]
    if enabled and any(triggers.needs_alarm(trigger) for task in changed for trigger in task.triggers):
        lines += called.next_steps(("install", "have the scheduler start it at its times"))
    return Result({"tasks": [each.to_json() for each in done]}, "\n".join(lines))
