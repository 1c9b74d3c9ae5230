"""`clodputer help`: the help of the program or of a command, for whoever looks for it under this word."""

from __future__ import annotations

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result


@click.command()
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=complete.commands)
@json_option
@click.pass_context
def command(context: click.Context, words: tuple[str, ...]) -> Result:
    """Show the help of a command, as COMMAND --help does.

    \b
    Examples:
      clodputer help
      clodputer help run
      clodputer help config set
    """
    shown = context.find_root()
    for word in words:
        group = shown.command
        found = group.resolve_command(shown, [word])[1] if isinstance(group, click.Group) else None
        if found is None:
            shown.fail(f"{shown.command_path} has no command {word!r}")
        shown = click.Context(found, parent=shown, info_name=word, **found.context_settings)
    text = shown.command.get_help(shown)
    return Result({"text": text}, text)
