"""`clodputer runs`: the runs of the past, the latest first, each with one line of what it came to."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from time import time
from typing import Optional

import click

from clodputer.cli.arguments.since import moment_since
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.outcome import BLAMELESS, OUTCOMES
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.home import Home
from clodputer.store.records import runs as store
from clodputer.tasks import taskfile
from clodputer.views.runs.runs import Entry, find

LIMIT = 20
COLUMNS = (
    Column("TASK"),
    Column("ENDED", gives_way=True),
    Column("WHEN"),
    Column("TOOK", right=True, drops=True),
    Column("COST", right=True, drops=True),
    Column("RUN"),
    Column("RESULT", cut=True, drops=True),
)
# What a run came to is cut after so many characters, in a pipe as well.
LONGEST = 200


@click.command()
@click.argument("task", default="", shell_complete=complete.tasks)
@click.option("--failed", is_flag=True, help="Only those that failed, timed out or were lost.")
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice(OUTCOMES),
    multiple=True,
    help="Only those that ended like this; may be given several times.",
)
@click.option("--since", metavar="WHEN", help="Only those that ended since then: yesterday, 2h, or a date.")
@click.option(
    "--limit",
    "-n",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=LIMIT,
    help=f"Show at most N; {LIMIT} by default.",
)
@json_option
@click.pass_obj
def command(
    as_json: bool, task: str, outcomes: tuple[str, ...], since: Optional[str], limit: int, *, failed: bool
) -> Result:
    """List the runs of a task, or of all, the latest first.

    Each with how it ended, when, what it took and cost, and one line of its error or result. A run that is going on is in
    `clodputer status`.

    \b
    Examples:
      clodputer runs
      clodputer runs nightly --failed
      clodputer runs --since yesterday --outcome lost --outcome timed_out
      clodputer runs --json
    """
    if failed and outcomes:
        raise ClodputerError(
            "usage", "--failed and --outcome exclude each other", "Leave one of them out.", ExitCode.USAGE
        )
    wanted = [each for each in OUTCOMES if each not in BLAMELESS] if failed else outcomes
    return runs(os.environ, task, wanted, since, limit, time(), as_json=as_json)


def runs(
    environ: Mapping[str, str],
    task: str,
    outcomes: Collection[str],
    since: Optional[str],
    limit: int,
    now: float,
    *,
    as_json: bool = False,
) -> Result:
    """The runs that are asked for. Raises ClodputerError ("no_home", "usage", "task_unknown")."""
    context = look(environ)
    found = find(context.home, task, outcomes, moment_since(since, now) if since else 0.0, limit)
    if not found.total:
        _refuse_unknown(context.home, task)
    data = context.masker.data(found.to_json())
    if as_json:
        return Result(data)
    # Of one task every row would say the same.
    text = table(COLUMNS, [_row(entry, now, not task) for entry in found.entries])
    rest = found.total - len(found.entries)
    more = f"\n{ink(f'and {rest:,} more (--limit N shows more of them)', 'dim')}" if rest else ""
    return Result(data, context.masker.text(f"{text}{more}" if text else "No run fits."))


def _refuse_unknown(home: Home, task: str) -> None:
    known = {*taskfile.names(home), *store.tasks(home)}
    if task and task not in known:
        raise ClodputerError(
            "task_unknown",
            f"no task {task[:80]!r}, and no run of one{did_you_mean(task, known)}",
            "See the tasks with: clodputer list",
        )


def _row(entry: Entry, now: float, named: bool) -> tuple[str, ...]:
    run = entry.run
    return (
        printable(run.task) if named else "",
        when.ended(run.outcome, run.reason, suspect=run.suspect),
        when.ago(run.at, now),
        format_duration(run.duration),
        dollars(run.cost_usd),
        when.run(run.run_id),
        one_line(entry.line, LONGEST),
    )
