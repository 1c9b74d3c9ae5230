"""`clodputer remove`: take a task away, and keep its file where it can be brought back from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Callable

import click

from clodputer import triggers
from clodputer.cli import called
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.runner.requests import cancel
from clodputer.runner.requests import remove as removing
from clodputer.store.context import Context
from clodputer.store.spool.find import Found
from clodputer.tasks import change, taskfile


@click.command()
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True, shell_complete=complete.tasks)
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def command(as_json: bool, tasks: tuple[str, ...], yes: bool) -> Result:
    """Remove tasks; their files are kept in tasks/removed/.

    Says what waits in the queue for it, and asks. Its runs and records stay, and a run that is going on comes to its end.
    Requests that wait are given up when their turn comes, unless the file is moved back before.

    \b
    Examples:
      clodputer remove nightly
      clodputer remove nightly --yes --json
    """
    asks = not (yes or as_json) and is_terminal(sys.stdin) and is_terminal(sys.stdout)
    return remove(os.environ, tasks, _ask if asks else (lambda _: yes))


def _ask(question: str) -> bool:
    return click.confirm(question, default=False)


def remove(environ: Mapping[str, str], names: Sequence[str], ask: Callable[[str], bool]) -> Result:
    """Remove tasks, broken ones too, after `ask` agreed. Raises ClodputerError, OSError."""
    context = look(environ)
    with change.alone(context.home):
        paths = {name: taskfile.find(context.home, name) for name in dict.fromkeys(names)}
        waiting = {name: cancel.of_task(context, name) for name in paths}
        if not ask(_question(waiting)):
            message = f"{', '.join(paths)} {'was' if len(paths) == 1 else 'were'} not removed"
            raise ClodputerError("not_agreed", message, "To confirm in advance: --yes")
        alarms = any(_has_alarm(context, path) for path in paths.values())
        done = [removing.remove(context, name, path, waiting[name]) for name, path in paths.items()]
    lines = []
    for each in done:
        lines.append(f"{ink(each.task, 'bold')} is removed; its file is {printable(each.kept)}")
        if each.waiting:
            number = "1 request waits" if len(each.waiting) == 1 else f"{len(each.waiting)} requests wait"
            lines.append(f"  {number} for it; to cancel: clodputer cancel --all-of {each.task}")
        lines.append(f"  to bring it back: mv {printable(quote(each.kept))} {printable(quote(each.path))}")
    if alarms:
        lines += called.next_steps(("install", "remove its alarm"))
    return Result({"tasks": [each.to_json() for each in done]}, "\n".join(lines))


def _has_alarm(context: Context, path: str) -> bool:
    task, _ = taskfile.check_file(context.home, path, context.environ)
    return task is not None and any(map(triggers.needs_alarm, task.triggers))


def _question(waiting: Mapping[str, Sequence[Found]]) -> str:
    parts = [f"{name} ({_number(len(found))} for it)" if found else name for name, found in waiting.items()]
    return f"Remove {', '.join(parts)}?"


def _number(number: int) -> str:
    return "1 request waits or runs" if number == 1 else f"{number} requests wait or run"
