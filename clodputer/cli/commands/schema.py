"""`clodputer schema`: the JSON schema of a task file, of the settings, or of what a command prints."""

from __future__ import annotations

from json import dumps

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.table import Column, table
from clodputer.store.program import schemas

COLUMNS = (Column("NAME"), Column("OF", gives_way=True))


@click.command()
@click.argument("name", default="", shell_complete=complete.schemas)
@json_option
def command(name: str) -> Result:
    """Print a JSON schema: of a task file, the settings or a command.

    NAME is `task` for a task file, `settings` for config.yaml, or the name of a command for what it prints with --json. The
    schema is whole: what it refers to is inside it. Without NAME all of them are listed. It needs no home.

    \b
    Examples:
      clodputer schema
      clodputer schema task
      clodputer schema show
    """
    if not name:
        return listed()
    schema = schemas.whole(name)
    return Result({"name": name, "schema": schema}, dumps(schema, indent=2))


def listed() -> Result:
    """All schemas, with what each is of. Raises ClodputerError, OSError."""
    found = []
    for name in schemas.names():
        schema = schemas.read(name)
        found.append(
            {"name": name, "title": schema.get("title", ""), "description": schema.get("description", "")}
        )
    rows = [(one["name"], one["title"]) for one in found]
    return Result({"schemas": found}, table(COLUMNS, rows))
