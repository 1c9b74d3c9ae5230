"""`clodputer deny`: close a request that asks a person first."""

from __future__ import annotations

import os

import click

from clodputer.cli.commands.deciding import decide, token_option
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.model.gates.approval import DENIED


@click.command()
@click.argument("request", metavar="[REQUEST]", default="", shell_complete=complete.waiting)
@click.option("--reason", metavar="TEXT", default="", help="The reason, kept with the request.")
@token_option
@persons.of_person("deny")
@json_option
def command(request: str, reason: str, token: str) -> Result:
    """Deny a request that waits for your decision.

    REQUEST is an id from `clodputer inbox`, or the beginning or the end of one that fits no other. It is kept in
    spool/closed/, and `clodputer retry` drops it again, to ask once more. Whoever decides first decides.

    \b
    Examples:
      clodputer deny 3f9a2c1b
      clodputer deny 3f9a2c1b --reason "not before the release"
    """
    return decide(os.environ, request, DENIED, reason, token)
