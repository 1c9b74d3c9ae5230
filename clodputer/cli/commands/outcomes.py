"""`clodputer outcomes`: what became of what runs published, and what an accepted outcome cost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import time

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
from clodputer.model.publish.fate import ACCEPTED, OPEN
from clodputer.model.text.money import dollars
from clodputer.store.outgoing.published import Published
from clodputer.views.published import outcomes as view
from clodputer.views.published.outcomes import Outcomes

# More rows nobody reads; --json has more of them.
MOST = 30
TASKS = (
    Column("TASK"),
    Column("PUBLISHED", right=True),
    Column("ACCEPTED", right=True),
    Column("DECLINED", right=True),
    Column("OPEN", right=True),
    Column("COST", right=True),
    Column("PER ACCEPTED", right=True),
)
THINGS = (Column("WHEN"), Column("TASK"), Column("KIND"), Column("FATE"), Column("", gives_way=True))


@click.command()
@click.argument("task", metavar="[TASK]", default="", shell_complete=complete.tasks)
@click.option(
    "--since",
    metavar="WHEN",
    default="30d",
    help="Since when: 30d (the default), yesterday, 12h, or a date.",
)
@json_option
def command(task: str, since: str) -> Result:
    """Show what became of published work, and what it cost.

    Pull requests and issues that runs made are looked at for 14 days. Accepted are those that were merged, or closed as
    done; declined those that were closed otherwise, reverted, or still open after that time. The cost is that of all runs of
    the task since then.

    \b
    Examples:
      clodputer outcomes
      clodputer outcomes fix --since 90d
    """
    context = look(os.environ)
    now = time()
    found = view.gather(context, task, moment_since(since, now))
    text = "\n\n".join(_parts(found, now)) or "Nothing was published in that time."
    return Result(context.masker.data(found.to_json()), context.masker.text(text))


def _parts(found: Outcomes, now: float) -> Iterator[str]:
    rows = [
        (
            ink(printable(one.task), "bold"),
            str(one.published),
            str(one.accepted),
            str(one.declined),
            str(one.fates.get(OPEN, 0)),
            dollars(one.cost_usd) or "-",
            dollars(one.cost_per_accepted) or "-",
        )
        for one in found.tasks
    ]
    if rows:
        yield table(TASKS, rows)
        shown = [_row(one, now) for one in found.things[:MOST]]
        more = len(found.things) - len(shown)
        yield table(THINGS, shown) + (f"\nand {more} more (--json has them)" if more > 0 else "")


def _row(one: Published, now: float) -> tuple[str, ...]:
    number = f"#{one.number} " if one.number is not None else ""
    colour = "green" if one.fate in ACCEPTED else "yellow" if one.fate and one.fate != OPEN else ""
    fate = ink(one.fate, colour) if colour else one.fate or "-"
    about = one_line(f"{number}{one.title or one.branch or one.url}", 200)
    return (when.ago(one.at, now), printable(one.task), one.kind.replace("_", " "), fate, about)
