"""`clodputer advise`: what past runs teach, for each task and under each condition."""

from __future__ import annotations

import os
from time import time
from typing import Optional

import click

from clodputer.cli import complete
from clodputer.cli.group import json_option
from clodputer.cli.looking import look
from clodputer.cli.result import Result
from clodputer.cli.text import learned
from clodputer.views import learning


@click.group(invoke_without_command=True, subcommand_metavar="[show TASK]")
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show what past runs teach.

    Of the last 90 days, for each task: how many runs did their work, of those that say something about it, and between which
    bounds the true rate lies in 95 of 100 cases. Runs that were skipped, limited, cancelled or lost do not count, nor those
    that failed for something outside, such as the network, nor later attempts at a request.

    \b
    Examples:
      clodputer advise
      clodputer advise show nightly
    """
    if context.invoked_subcommand:
        return None
    surroundings = look(os.environ)
    found = learning.gather(surroundings, time())
    text = learned.overview(found) or "No run has ended in the last 90 days."
    return Result(surroundings.masker.data(found.to_json()), surroundings.masker.text(text))


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@json_option
def show(task: str) -> Result:
    """Show what the runs of a task teach: by model, prompt, version, hour and what they were about.

    A prompt is known by the hash of its template: each change of it is another version.
    """
    context = look(os.environ)
    found = learning.gather(context, time(), task)
    one = found.tasks[0]
    data = {**found.to_json(), **one.to_json()}
    del data["tasks"]
    return Result(context.masker.data(data), context.masker.text("\n\n".join(learned.of_task(one))))
