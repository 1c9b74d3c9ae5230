"""`clodputer plugin`: call a plugin now, or make a new one."""

from __future__ import annotations

import os
from typing import Optional

import click

from clodputer.cli.commands.plugins import command as listing
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.moment import format_duration, iso
from clodputer.model.text.plural import counted
from clodputer.model.triggers.event import Event
from clodputer.model.triggers.plugin import COMMANDS, HANDLE, POLL
from clodputer.runner.events import take
from clodputer.runner.plugins import made
from clodputer.runner.plugins.call import call
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.spool import dropfile


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[run NAME [COMMAND] | new NAME]",
)
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Call a plugin now, or make a new one.

    COMMAND is poll, health, init, or handle with the event in a file. What a poll brings goes the usual way: its events
    become requests, and its state is kept.

    \b
    Examples:
      clodputer plugin new watcher --language python
      clodputer plugin run watcher health
      clodputer plugin run watcher
    """
    if context.invoked_subcommand:
        return None
    result: Result = context.invoke(listing)
    return result


@command.command()
@click.argument("name")
@click.argument("what", metavar="[COMMAND]", type=click.Choice(COMMANDS), default=POLL)
@click.option("--event", "file", metavar="FILE", help="For handle: the event, as it would be dropped.")
@json_option
def run(name: str, what: str, file: Optional[str]) -> Result:
    """Call a plugin once and say what came of it."""
    context = look(os.environ)
    if (what == HANDLE) != (file is not None):
        raise ClodputerError("usage", "handle takes --event FILE, and nothing else does", "", ExitCode.USAGE)
    event = None if file is None else _event(context, file)
    with Stop() as stop:
        last = call(context, name, what, stop, event)
    took = f"after {format_duration(last.seconds)}"
    data = {
        **last._asdict(),
        "name": name,
        "at": iso(last.at),
        "reason": last.reason or None,
        "message": last.message or None,
    }
    if last.reason:
        message = f"plugin {name} failed at {what} {took}: {last.message}"
        error = ClodputerError("plugin_failed", message, "See: clodputer logs --event plugin_said")
        return Result(data, printable(message), ExitCode.EXPECTED, (error,))
    text = f"{ink(name, 'bold')} {what} went well {took}, with {counted(last.events, 'event')}"
    return Result(data, f"{text}. Take them in: clodputer exec" if last.events else text)


@command.command()
@click.argument("name")
@click.option(
    "--language",
    type=click.Choice(list(made.LANGUAGES)),
    default="sh",
    help="What its program is written in.",
)
@persons.of_person("plugin new")
@json_option
def new(name: str, language: str) -> Result:
    """Make a plugin that works, to be changed: its manifest and its program."""
    context = look(os.environ)
    paths = made.make(context.home, name, language)
    shown = "\n".join(f"  {path}" for path in paths)
    return Result(
        {"name": name, "paths": list(paths)}, f"made\n{shown}\nTry it: clodputer plugin run {name} health"
    )


def _event(context: Context, file: str) -> Event:
    try:
        return take.read(dropfile.read(file, "given.json"), os.path.basename(file))
    except (dropfile.Unreadable, OSError) as error:
        message = context.masker.text(f"{file}: {error}")
        raise ClodputerError("unreadable", message, "Name a JSON file with an event.") from None
