"""`clodputer statusline`: the status line of Claude Code, through which it becomes known how much of a subscription is used."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from clodputer.cli import statusline
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.statusline import Wanted
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import wrapped
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates.usage import is_account
from clodputer.views.figures.snippets import Snippet, snippets
from clodputer.views.tasks import tasks as taskview


@click.command()
@click.option(
    "--account",
    metavar="ACCOUNT",
    default="",
    help="Whose usage it is; by default that of the session's environment.",
)
@click.option(
    "--snippet", is_flag=True, help="Print what to put into Claude Code's settings; nothing is changed."
)
@click.argument("words", metavar="[-- COMMAND [ARGS]...]", nargs=-1)
@json_option
@click.pass_obj
def command(as_json: bool, account: str, snippet: bool, words: tuple[str, ...]) -> object:
    """Record usage from Claude Code, and print its status line.

    Claude Code calls it while you work, if its settings say so, and gives it JSON on stdin. What that says of the 5-hour and
    the 7-day window of your subscription is kept, so that tasks with window know about your own use, too. It prints the model
    and both windows in one line; after -- you can name a command that gets the same JSON and prints the line instead.

    It always exits with 0, whatever it is given. --snippet shows how to set it up. If there is a status line in
    the settings already, the snippet wraps it.

    \b
    Examples:
      clodputer statusline --snippet
      clodputer statusline --account claude < status.json
      clodputer statusline --account claude -- ~/bin/my-status-line
    """
    if snippet or as_json:
        return _snippets()
    if account and not is_account(account):
        raise ClodputerError(
            "usage",
            f"{account[:40]!r} is not the name of an account",
            "An account is called claude, or claude- and eight digits: clodputer statusline --snippet",
            ExitCode.USAGE,
        )
    return Printed(statusline.show(Wanted(account, words)))


def _snippets() -> Result:
    context = look(os.environ)
    good, _ = taskview.check(context.home, context.environ)
    found = snippets(context, good)
    text = context.masker.text("\n\n".join("\n".join(_lines(one)) for one in found))
    return Result(context.masker.data({"snippets": [one.to_json() for one in found]}), text)


def _lines(one: Snippet) -> Iterator[str]:
    where = (
        printable(one.settings) if one.settings else "the settings.json of the sessions that use this account"
    )
    whose = f" (tasks: {', '.join(map(printable, one.tasks))})" if one.tasks else ""
    yield wrapped(
        f"For account {ink(one.account, 'bold')}{whose}, put this into {where}, between its outer braces:"
    )
    yield ""
    yield f"  {printable(one.text)}"
    if one.wraps:
        yield ""
        yield wrapped(
            "It takes the place of the status line that is set there now, runs it, and shows what it prints."
        )
