"""`clodputer set`: keys of a task changed by a command, checked before anything is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import time
from typing import Callable, Optional

import click

from clodputer.cli.arguments.givenjson import mapping, read
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.steps.firstlooks import first_looks
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import switch
from clodputer.store.context import look
from clodputer.tasks import change
from clodputer.tasks.change import Edit
from clodputer.views.tasks.written import Written


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.argument("pairs", metavar="[KEY=VALUE]...", nargs=-1, shell_complete=complete.keys)
@click.option(
    "--unset",
    metavar="KEY",
    multiple=True,
    help="Remove a key, so that its default applies. May be given several times.",
)
@click.option(
    "--from-json",
    "source",
    metavar="FILE",
    help="Take keys and values from a JSON object; null removes a key, - reads stdin.",
)
@consent.confirm_option
@json_option
def command(
    task: str, pairs: tuple[str, ...], unset: tuple[str, ...], source: Optional[str], confirm: bool
) -> Result:
    """Change keys of a task, and leave the rest of its file as it is.

    VALUE is read as YAML, so lists and mappings are taken as well; a key inside another one is written KEY.SUB, an item of a
    list by its number from 0. The new file is checked as a whole: if there is any mistake, nothing is written. Nor is
    anything done when the file is written so that a key cannot be changed without changing something else.

    When an agent calls it, what gives the task more rights, or lets it run, is refused without --confirm (docs/skill.md).

    \b
    Examples:
      clodputer set nightly timeout=30m model=haiku
      clodputer set nightly 'allowed_tools=[Read, Grep]' expect.file_exists=report.md
      clodputer set nightly 'trigger.0.schedule=0 8 * * *' --unset max_turns
    """
    edits = [_edit(pair) for pair in pairs] + [Edit(key, remove=True) for key in unset]
    if source is not None:
        edits += _from_json(read(source))
    if not edits:
        raise _usage("say what to change: KEY=VALUE, or --unset KEY")
    return set_keys(os.environ, task, edits, confirm=confirm)


def set_keys(
    environ: Mapping[str, str],
    name: str,
    edits: Sequence[Edit],
    *,
    confirm: bool = False,
    allowed: Optional[Callable[[str], None]] = None,
) -> Result:
    """Make the changes, all of them or none. allowed: raises ClodputerError for a text that is not to be changed.

    Raises ClodputerError, OSError.
    """
    context = look(environ)

    def rewritten(text: str) -> str:
        if allowed is not None:
            allowed(text)
        for edit in edits:
            text = change.edited(text, edit, f"{name}.yaml")
        return text

    with change.alone(context.home):
        draft = change.draft(context.home, environ, name, rewritten)
        changes = consent.of_draft(environ, draft)
        consent.require(environ, name, changes, confirm)
        enabling = draft.task.enabled and any(edit.key == "enabled" for edit in edits)
        if enabling:
            switch.begin_anew(context, draft)
        if draft.changed:
            change.put(draft)
            context.log(time(), "task_changed", task=name, keys=[edit.key for edit in edits])
        if enabling:
            switch.let_go(context, name, draft.path)
    looks = first_looks(environ, [draft.task] if draft.changed else [])
    data = Written(draft.task.name, draft.path, looks, draft.changed, changes).to_json()
    if not draft.changed:
        return Result(data, f"{printable(draft.path)} is unchanged: it says so already")
    lines = [
        f"{ink('ok', 'green')}  {printable(draft.path)} is changed",
        *map(printable, consent.lines(changes)),
        *(f"    {printable(one)}" for one in looks),
    ]
    return Result(data, "\n".join(lines))


def _from_json(content: bytes) -> list[Edit]:
    """The changes that an object asks for. Raises ClodputerError."""
    try:
        keys = mapping(content)
    except ValueError as error:
        raise ClodputerError(
            "json_invalid",
            f"what was given is not JSON with keys of a task: {error}",
            'Nothing was changed. For example: {"timeout": "30m", "expect.file_exists": "report.md"}',
        ) from None
    for key in keys:
        if not _is_key(key):
            raise _usage(f"expected keys such as timeout or expect.file_exists, found {key[:80]!r}")
    return [Edit(key, value, remove=value is None) for key, value in keys.items()]


def _is_key(key: str) -> bool:
    return all(part and part == part.strip() for part in key.split("."))


def _edit(pair: str) -> Edit:
    key, equals, written = pair.partition("=")
    if not equals or not _is_key(key):
        raise _usage(f"expected KEY=VALUE, found {pair[:80]!r}")
    return Edit(key, change.value_of(key, written))


def _usage(message: str) -> ClodputerError:
    return ClodputerError("usage", message, "Try: clodputer set --help", ExitCode.USAGE)
