"""`clodputer approve`: let a request run that asks a person first."""

from __future__ import annotations

import os

import click

from clodputer.cli.commands.deciding import decide, token_option
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.model.gates.approval import APPROVED


@click.command()
@click.argument("request", metavar="[REQUEST]", default="", shell_complete=complete.waiting)
@click.option("--note", metavar="TEXT", default="", help="A note to keep with your decision.")
@token_option
@persons.of_person("approve")
@json_option
def command(request: str, note: str, token: str) -> Result:
    """Approve a request that waits for your decision.

    REQUEST is an id from `clodputer inbox`, or the beginning or the end of one that fits no other. It goes back to its
    queue, and all else that may keep a request waiting is asked again. With the id of a run that would publish something
    (publish.staged), or could not, that is sent. Whoever decides first decides, and nothing takes a decision back.

    \b
    Examples:
      clodputer approve 3f9a2c1b
      clodputer approve 3f9a2c1b --note "looked at the diff"
    """
    return decide(os.environ, request, APPROVED, note, token)
