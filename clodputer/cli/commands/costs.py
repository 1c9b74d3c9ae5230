"""`clodputer costs`: what runs cost, by task, day, model, lane or reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from shutil import get_terminal_size
from time import time

import click

from clodputer.cli.arguments.since import moment_since, since_option
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal import bars
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.figures import cost_notes
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store import homes
from clodputer.store.index.figures import day
from clodputer.store.index.query import Cost
from clodputer.views.figures import costs as view
from clodputer.views.figures.costs import DAY, KINDS, Costs, together

# More rows nobody reads; --json has all of them.
MOST, LONGEST_NAME = 31, 40
ESTIMATED, SUBSCRIPTION = "~", "*"


@click.command()
@click.option(
    "--by",
    type=click.Choice(KINDS),
    default="task",
    help="How to group them: by task (the default), day, model, lane, or the reason with which runs ended.",
)
@since_option
@json_option
def command(by: str, since: str) -> Result:
    """Show what runs cost, by task, day, model, lane or reason.

    The figures are those that Claude gives at a run's end. Where a run was stopped before that, its tokens are priced by a list
    of prices: such a figure is estimated, at least so much was spent, and it is marked ~. Where a run drew on a subscription
    nothing is paid for it alone: the figure is what the API would have charged, and is marked *.

    With --json, data.costs has all rows.

    \b
    Examples:
      clodputer costs
      clodputer costs --by day --since 7d
      clodputer costs --by model --json
    """
    return costs(os.environ, by, since, time(), get_terminal_size().columns)


def costs(environ: Mapping[str, str], by: str, since: str, now: float, width: int) -> Result:
    """The costs since then. Raises ClodputerError ("no_home", "usage")."""
    found = view.costs(homes.existing(environ), by, moment_since(since, now), now)
    return Result(found.to_json(), "\n\n".join(_parts(found, width)))


def _parts(found: Costs, width: int) -> Iterator[str]:
    total, rest = found.total, _unpriced(found.unpriced, found.total.runs > 0)
    if not total.runs:
        yield hung(f"No run with a cost ended since {day(found.since)}.{f' {rest}' if rest else ''}")
        return
    runs = counted(total.runs, "run")
    yield hung(f"{ink(dollars(total.cost_usd), 'bold')}{_marks(total)} since {day(found.since)}, for {runs}")
    yield _rows(found, width)
    notes = "\n".join(hung(ink(line, "dim")) for line in (*_legend(total), rest) if line)
    if notes:
        yield notes


def _rows(found: Costs, width: int) -> str:
    shown, left = _shown(found)
    names = [one_line(row.key, LONGEST_NAME) or "(not known)" for row in shown]
    money = [dollars(row.cost_usd) for row in shown]
    size = max(len(found.by), *map(len, names))
    costs = max(len("cost"), *map(len, money))
    marks = max(len(_marks(row)) for row in shown)
    digits = max(len("runs"), *(len(f"{row.runs:,}") for row in shown))
    room = bars.room(width, size + costs + marks + digits + 6)
    most = max(row.cost_usd for row in shown) or 1.0
    lines = [ink(f"{found.by.ljust(size)}  {'runs':>{digits}}  {'cost':>{costs}}", "dim")]
    for name, dollars_, row in zip(names, money, shown):
        head = f"{name.ljust(size)}  {row.runs:>{digits},}  {dollars_:>{costs}}{_marks(row).ljust(marks)}  "
        cells = bars.length(row.cost_usd / most, room) if row.cost_usd else 0
        estimated = round(cells * row.estimated_usd / row.cost_usd) if cells else 0
        lines.append(f"{head}{bars.full(cells - estimated)}{bars.faint(estimated, 'yellow')}".rstrip())
    if left:
        rest = together(left)
        lines.append(
            f"and {len(left)} more, {dollars(rest.cost_usd)}{_marks(rest)} together (all of them: --json)"
        )
    return "\n".join(lines)


def _shown(found: Costs) -> tuple[Sequence[Cost], list[Cost]]:
    """The rows that are shown and those that are not: of days the earlier ones, of others the cheaper ones."""
    rows = list(found.rows)
    return (rows[-MOST:], rows[:-MOST]) if found.by == DAY else (rows[:MOST], rows[MOST:])


def _marks(of: Cost) -> str:
    return (ESTIMATED if of.estimated_usd else "") + (SUBSCRIPTION if of.subscription_usd else "")


def _legend(total: Cost) -> Iterator[str]:
    if total.estimated_usd:
        yield f"{ESTIMATED} {cost_notes.estimated(total.estimated_usd)}"
    if total.subscription_usd:
        yield f"{SUBSCRIPTION} {cost_notes.subscription(total.subscription_usd)}"


def _unpriced(number: int, others: bool) -> str:
    """others: runs with a cost were shown above."""
    if not number:
        return ""
    return cost_notes.unpriced(number, "more " if others else "")
