"""`clodputer enable`: have disabled tasks run again."""

from __future__ import annotations

import os

import click

from clodputer.cli.commands.switching import switch
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent


@click.command()
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True, shell_complete=complete.tasks)
@consent.confirm_option
@json_option
def command(tasks: tuple[str, ...], confirm: bool) -> Result:
    """Enable tasks that were disabled.

    Writes `enabled: true` into their files, and leaves everything else in them as it is. What passed meanwhile is not made up
    for: slot times are missed, and what has come into a watched folder is left alone. An agent adds --confirm when its
    person has agreed.

    \b
    Examples:
      clodputer enable nightly
      clodputer enable nightly weekly --json
    """
    return switch(os.environ, tasks, enabled=True, confirm=confirm)
