"""`clodputer validate`: all mistakes of all task files, reported at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from time import time

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.store import homes
from clodputer.views.tasks import validation


@click.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...", shell_complete=complete.tasks)
@json_option
def command(tasks: tuple[str, ...]) -> Result:
    """Check task files and report every mistake at once.

    Without a TASK all files in tasks/ are checked, and config.yaml and secrets.env as well. Each mistake is one line:
    file, line, key, and what is wrong. Exit code 1 when there is any.

    It is a mistake as well when another account could change what a task does: its requests wait until the permissions
    of the file or folder are put right.

    A warning is about something that is written correctly but cannot work as things are: a folder or a program that is not
    there, a tool that Claude does not have, a TMPDIR that runs cannot use. It changes no exit code. A note says that the
    prompt of a task is fed by text from outside, and what its runs may not do for that.

    \b
    Examples:
      clodputer validate
      clodputer validate nightly
    """
    return validate(os.environ, tasks, time())


def validate(environ: Mapping[str, str], names: Iterable[str], now: float) -> Result:
    """Check the task files of those names, or all files. Raises ClodputerError for a name that no file claims."""
    home = homes.existing(environ)
    found = validation.validate(home, environ, tuple(names), now)
    sound = ", ".join(task.report.name for task in found.tasks if not task.report.problems)
    lines = [hung(printable(mistake.message)) for mistake in found.mistakes]
    lines += [
        hung(f"{ink('warning', 'yellow')}  {printable(str(warning))}", 9)
        for task in found.tasks
        for warning in task.warnings
    ]
    lines += [hung(f"{ink('warning', 'yellow')}  {printable(each)}", 9) for each in found.warnings]
    lines += [hung(printable(f"note  {note}"), 6) for task in found.tasks for note in task.notes]
    lines += [hung(f"{ink('ok', 'green')}  {printable(sound)}", 4)] if sound else []
    if found.mistakes:
        lines.append(ink(counted(len(found.mistakes), "mistake"), "red"))
        return Result(found.to_json(), "\n".join(lines), ExitCode.EXPECTED, found.mistakes)
    nothing = f"There are no task files in {printable(home.tasks)} yet."
    return Result(found.to_json(), "\n".join(lines) or nothing)
