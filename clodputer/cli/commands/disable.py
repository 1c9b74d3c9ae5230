"""`clodputer disable`: keep tasks from running until they are enabled."""

from __future__ import annotations

import os

import click

from clodputer.cli.commands.switching import switch
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result


@click.command()
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True, shell_complete=complete.tasks)
@click.option(
    "--reason", metavar="TEXT", default="", help="The reason, kept in the file as a comment, and in the log."
)
@json_option
def command(tasks: tuple[str, ...], reason: str) -> Result:
    """Keep tasks from running until they are enabled.

    Writes `enabled: false` into their files, and leaves everything else in them as it is. Their requests are turned away, their
    slot times missed; a run that is going on comes to its end. To have requests wait instead: clodputer pause.

    \b
    Examples:
      clodputer disable nightly
      clodputer disable nightly --reason "the server moves"
    """
    return switch(os.environ, tasks, enabled=False, reason=reason)
