"""`clodputer receive`: one webhook, from the connection that is its standard input."""

from __future__ import annotations

import click

from clodputer.cli import receive
from clodputer.cli.group import json_option
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode


@click.command()
@json_option
def command() -> object:
    """Receive one webhook; the scheduler's listener calls this.

    Its standard input is a connection, from which it reads one HTTP request. It verifies who sent it, writes the event into
    spool/new, answers, and ends. There is nothing to call it for by hand; to try an event use route test.

    \b
    Examples:
      systemd-socket-activate --inetd -a -l 127.0.0.1:8787 clodputer receive
    """
    if not receive.parse([]):
        raise ClodputerError(
            "usage",
            "standard input is no connection",
            "The scheduler calls this for each webhook; `clodputer webhooks` shows their addresses.",
            ExitCode.USAGE,
        )
    return receive.serve()
