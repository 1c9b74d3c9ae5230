"""`clodputer remove`: take a task away, and keep its file where it can be brought back from."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from shlex import quote
from time import time
from typing import Any, Callable

import click

from clodputer import triggers
from clodputer.cli import called, complete
from clodputer.cli.group import json_option
from clodputer.cli.looking import look
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.moment import compact
from clodputer.runner.requests import cancel
from clodputer.store.context import Context
from clodputer.store.spool.find import RUNNING, Found
from clodputer.tasks import change, taskfile

FOLDER = "removed"


@click.command()
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True, shell_complete=complete.tasks)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(as_json: bool, tasks: tuple[str, ...], yes: bool) -> Result:
    """Take a task away; its file is kept in tasks/removed/.

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
            raise ClodputerError("not_agreed", message, "To agree beforehand: --yes")
        alarms = any(_has_alarm(context, path) for path in paths.values())
        rows = [_removed(context, name, path, waiting[name]) for name, path in paths.items()]
    lines = []
    for row in rows:
        lines.append(f"{ink(row['task'], 'bold')} is removed; its file is {printable(row['kept'])}")
        if row["waiting"]:
            lines.append(f"  {_number(len(row['waiting']))} for it: clodputer cancel --all-of {row['task']}")
        lines.append(
            f"  to bring it back: mv {printable(quote(row['kept']))} {printable(quote(row['path']))}"
        )
    if alarms:
        lines += called.next_steps(("install", "have its alarm taken away"))
    return Result({"tasks": rows}, "\n".join(lines))


def _has_alarm(context: Context, path: str) -> bool:
    task, _ = taskfile.check_file(context.home, path, context.environ)
    return task is not None and any(map(triggers.needs_alarm, task.triggers))


def _question(waiting: Mapping[str, Sequence[Found]]) -> str:
    parts = [f"{name} ({_number(len(found))} for it)" if found else name for name, found in waiting.items()]
    return f"Remove {', '.join(parts)}?"


def _number(number: int) -> str:
    return "1 request waits or runs" if number == 1 else f"{number} requests wait or run"


def _removed(context: Context, name: str, path: str, found: Sequence[Found]) -> dict[str, Any]:
    now = time()
    folder = f"{context.home.tasks}/{FOLDER}/{compact(now)}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    kept = f"{folder}/{os.path.basename(path)}"
    os.rename(path, kept)
    context.log(now, "task_removed", task=name, kept=kept)
    return {
        "task": name,
        "path": path,
        "kept": kept,
        "waiting": [one.id or one.name for one in found if one.state != RUNNING],
        "running": [one.id for one in found if one.state == RUNNING],
    }
