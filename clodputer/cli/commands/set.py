"""`clodputer set`: keys of a task changed by a command, checked before anything is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import time

import click

from clodputer.cli import complete
from clodputer.cli.firstlooks import first_looks
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import switch
from clodputer.store.context import look
from clodputer.tasks import change
from clodputer.tasks.change import Edit
from clodputer.views.written import Written


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.argument("pairs", metavar="[KEY=VALUE]...", nargs=-1, shell_complete=complete.keys)
@click.option(
    "--unset", metavar="KEY", multiple=True, help="Take a key out; its default then holds. May be repeated."
)
@json_option
def command(task: str, pairs: tuple[str, ...], unset: tuple[str, ...]) -> Result:
    """Change keys of a task, and leave the rest of its file as it is.

    VALUE is read as YAML, so lists and mappings are taken as well; a key inside of another one is written KEY.SUB, an item of a
    list by its number from 0. The new file is checked as a whole: if there is any mistake, nothing is written. Nor is
    anything done when the file is written so that a key cannot be changed without touching something else in it.

    \b
    Examples:
      clodputer set nightly timeout=30m model=haiku
      clodputer set nightly 'allowed_tools=[Read, Grep]' expect.file_exists=report.md
      clodputer set nightly 'trigger.0.schedule=0 8 * * *' --unset max_turns
    """
    edits = [_edit(pair) for pair in pairs] + [Edit(key, remove=True) for key in unset]
    if not edits:
        raise _usage("say what to change: KEY=VALUE, or --unset KEY")
    return set_keys(os.environ, task, edits)


def set_keys(environ: Mapping[str, str], name: str, edits: Sequence[Edit]) -> Result:
    """Make the changes, all of them or none. Raises ClodputerError, OSError."""
    context = look(environ)

    def rewritten(text: str) -> str:
        for edit in edits:
            text = change.edited(text, edit, f"{name}.yaml")
        return text

    with change.alone(context.home):
        draft = change.draft(context.home, environ, name, rewritten)
        enabling = draft.task.enabled and any(edit.key == "enabled" for edit in edits)
        if enabling:
            switch.begin_anew(context, draft)
        if draft.changed:
            change.put(draft)
            context.log(time(), "task_changed", task=name, keys=[edit.key for edit in edits])
        if enabling:
            switch.let_go(context, name, draft.path)
    looks = first_looks(environ, [draft.task] if draft.changed else [])
    data = Written(draft.task.name, draft.path, looks, draft.changed).to_json()
    if not draft.changed:
        return Result(data, f"{printable(draft.path)} is unchanged: it says so already")
    lines = [
        f"{ink('ok', 'green')}  {printable(draft.path)} is changed",
        *(f"    {printable(one)}" for one in looks),
    ]
    return Result(data, "\n".join(lines))


def _edit(pair: str) -> Edit:
    key, equals, written = pair.partition("=")
    if not equals or not all(part and part == part.strip() for part in key.split(".")):
        raise _usage(f"expected KEY=VALUE, found {pair[:80]!r}")
    return Edit(key, change.value_of(key, written))


def _usage(message: str) -> ClodputerError:
    return ClodputerError("usage", message, "Try: clodputer set --help", ExitCode.USAGE)
