"""`clodputer stop`: the kill switch; everything is put on hold, and what runs is ended and put back."""

from __future__ import annotations

import os
from time import time

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import holding
from clodputer.store import holds
from clodputer.store.holds import EVERYTHING, Hold, Placed


@click.command()
@click.option("--reason", metavar="TEXT", default="", help="The reason, shown wherever the hold is.")
@json_option
def command(reason: str) -> Result:
    """Stop everything now: hold all requests, end what runs.

    Nothing is lost: the requests of the ended runs go back to their queues, and everything waits (see: clodputer resume).
    A run that a person waits for (clodputer run) ends as cancelled. Waits for the ends of the runs, for a minute at most.

    Exit code 0 when nothing runs any more, 1 when something still does.

    \b
    Examples:
      clodputer stop
      clodputer stop --reason "wrong prompt"
    """
    context = look(os.environ)
    now = time()
    message = context.masker.text(" ".join(reason.split())[:500])
    hold = Hold(holding.STOPPED, message, now, None)
    # First, and for good: nothing is started any more while we end what runs.
    holds.place(context.home, EVERYTHING, hold)
    context.log(now, "stopped", message=message)
    ended = holding.end_runs(context)
    left = [run for run in ended if not run.over]
    placed = Placed(EVERYTHING, hold, holds.path(context.home, EVERYTHING))
    data = {"hold": placed.to_json(), "runs": [run.to_json() for run in ended]}
    lines = [f"{ink('Everything is on hold', 'bold')}; let it go on with: clodputer resume --all"]
    if not ended:
        lines.append("Nothing was running.")
    lines += [
        printable(f"{run.task} {run.run_id}: " + ("ended" if run.over else "has not ended yet"))
        for run in ended
    ]
    errors = tuple(
        ClodputerError(
            "not_ended",
            f"run {run.run_id} of {run.task} has not ended",
            "If its exec died, the next one settles it: clodputer exec. Else look again with: clodputer status",
        )
        for run in left
    )
    return Result(data, "\n".join(lines), ExitCode.EXPECTED if left else ExitCode.DONE, errors)
