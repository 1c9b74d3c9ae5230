"""`clodputer import`: tasks taken over from elsewhere; each form of the command is one source."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Optional

import click

from clodputer.archive.tasks import one_task, taking
from clodputer.archive.tasks.one_task import TaskDocument
from clodputer.cli import called
from clodputer.cli.commands.import_sources import Options, take_over
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent, persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.runner.memory.remember import misfit
from clodputer.store.context import Context
from clodputer.store.files import plainfile
from clodputer.store.taskstate import state

STDIN = "-"


@click.group(subcommand_metavar="SOURCE [FILE] [OPTIONS]")
@json_option
def command() -> None:
    """Take over tasks from elsewhere.

    What calls `claude -p` in your crontab, in launchd, systemd, claude-code-queue or in workflows of GitHub becomes tasks,
    which are disabled until you enable them; whatever could not be taken over is listed.

    \b
    Examples:
      clodputer import crontab --dry-run
      clodputer import launchd ~/Library/LaunchAgents/me.nightly.plist
      clodputer import task nightly.task.yaml --as nightly-copy --enable
    """


@command.command("task")
@click.argument("path", metavar="FILE")
@click.option("--as", "name", metavar="NAME", help="Under this name instead of its own.")
@click.option("--enable", is_flag=True, help="Let it run; otherwise it is disabled until you enable it.")
@click.option(
    "--replace", is_flag=True, help="Replace a task of that name, and prompts; the old file is kept."
)
@consent.confirm_option
@json_option
def task_command(path: str, name: Optional[str], enable: bool, replace: bool, confirm: bool) -> Result:
    """Make a task from a document of `clodputer export`; - is standard input."""
    if enable:
        consent.require_to_enable(os.environ, name or "the task", confirm, "Nothing was imported.")
    return import_task(os.environ, _read(path), name, enable=enable, replace=replace)


def _source(name: str, summary: str) -> None:
    """Add the command of one source."""

    def run(
        path: Optional[str], dry_run: bool, enable: bool, disable_originals: bool, confirm: bool
    ) -> Result:
        if enable and not dry_run:
            consent.require_to_enable(os.environ, "each task", confirm, "Nothing was imported.")
        if disable_originals and not dry_run:
            why = "it switches off what the system starts by itself"
            persons.require(os.environ, "--disable-originals", why, confirm)
        options = Options(name, path or "", dry_run, enable, disable_originals)
        return take_over(os.environ, options)

    run.__doc__ = summary
    for option in reversed(
        (
            click.argument("path", metavar="[FILE]", required=False),
            click.option("--dry-run", is_flag=True, help="Only show what would become of each entry."),
            click.option("--enable", is_flag=True, help="Let the tasks run; otherwise they are disabled."),
            click.option(
                "--disable-originals",
                is_flag=True,
                help="Switch off what became tasks, with a copy of it kept.",
            ),
            consent.confirm_option,
            json_option,
        )
    ):
        run = option(run)
    command.add_command(click.command(name)(run))


_source("crontab", "Lines of your crontab, or of FILE; - is standard input.")
_source("launchd", "Property lists in ~/Library/LaunchAgents, or FILE.")
_source("systemd", "Timers in ~/.config/systemd/user with their services, or FILE.")
_source("claude-code-queue", "Prompts in ~/.claude-queue, or FILE.")
_source("github-workflow", "Workflows with a schedule in .github/workflows, or FILE.")


def import_task(
    environ: Mapping[str, str], content: bytes, name: Optional[str], *, enable: bool, replace: bool
) -> Result:
    """Make the task. Raises ClodputerError when nothing was made, OSError."""
    context = look(environ)
    made = one_task.read(content)
    wanted = name or made.name

    def fits(task: Task) -> None:
        _check_state(context, task, made, replace=replace)

    taken = taking.take(context, environ, made, wanted, time(), enable=enable, replace=replace, fits=fits)
    version = None
    if made.state is not None:
        new = made.state
        kept = state.change(context.home, wanted, lambda _: new, state.PERSON, time())
        context.log(time(), "state_changed", task=wanted, version=kept.version, by=state.PERSON)
        version = kept.version
    data = {
        "task": taken.task.name,
        "path": taken.path,
        "prompts": list(taken.prompts),
        "enabled": taken.task.enabled,
        "state_version": version,
        "kept": taken.kept or None,
    }
    lines = [f"made  {printable(taken.path)}"]
    if taken.kept:
        lines.append(f"The file that was there is kept: {printable(taken.kept)}")
    steps = [(f"run {wanted} --dry-run", "see what would be started")]
    if not taken.task.enabled:
        steps.append((f"enable {wanted}", "let it run: it is disabled"))
    return Result(data, "\n".join([*lines, *called.next_steps(*steps)]))


def _check_state(context: Context, task: Task, made: TaskDocument, *, replace: bool) -> None:
    if made.state is None:
        return
    if not task.state.kept:
        raise ClodputerError(
            "no_state",
            f"the document has a state, and its task {task.name} has none",
            "Nothing was imported.",
        )
    if state.newest(context.home, task.name) and not replace:
        raise ClodputerError(
            "state_exists", f"{task.name} remembers something already", "To replace it: --replace"
        )
    wrong = misfit(task, made.state)
    if wrong:
        raise ClodputerError(
            "state_unfit", f"the state does not fit the task: {wrong}", "Nothing was imported."
        )


def _read(path: str) -> bytes:
    """What a file, or stdin, holds; of very much, one byte more than is taken. Raises ClodputerError."""
    if path == STDIN:
        return sys.stdin.buffer.read(one_task.LARGEST + 1) if sys.stdin is not None else b""
    try:
        return plainfile.read(os.path.expanduser(path), one_task.LARGEST).content
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ClodputerError("no_document", f"{path} cannot be read: {why}") from None
