"""`clodputer dashboard`: everything on one screen that goes on, with a key for each thing that can be done about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time

import click

from clodputer.cli.dashboard import loop, terminal
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.steps.looking import look
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.views.dashboard import Reader


@click.command()
@json_option
@click.pass_obj
def command(as_json: bool) -> Result | Printed:
    """Show the same on a live screen, with keys to act.

    What needs you comes first; then the lanes with their live runs (what each does, its turns, cost and time against what
    is usual), the queue, the coming slot times, the last runs and the log. Keys open, follow, cancel, retry, approve, deny,
    pause and run; ? lists them all, and q leaves. Each key calls the command of its name.

    Looking changes nothing, and nothing of it stays when it is closed. With --json, what it shows is printed once.

    \b
    Examples:
      clodputer dashboard
      clodputer dashboard --json
    """
    return once(os.environ, time()) if as_json else watched(os.environ)


def once(environ: Mapping[str, str], now: float) -> Result:
    """What the screen shows at `now` (epoch seconds), as data. Raises ClodputerError when there is no home."""
    context = look(environ)
    reader = Reader(environ)
    try:
        return Result(context.masker.data(reader.look(now).to_json()))
    finally:
        reader.close()


def watched(environ: Mapping[str, str]) -> Printed:
    """The screen, until it is closed. Raises ClodputerError where there is no terminal, or no home."""
    if not terminal.usable(environ):
        raise ClodputerError(
            "no_terminal",
            "the dashboard needs a terminal with a keyboard and a screen",
            "Elsewhere: clodputer status, or clodputer dashboard --json",
            ExitCode.USAGE,
        )
    number = loop.show(environ)
    return Printed(128 + number if number else ExitCode.DONE)
