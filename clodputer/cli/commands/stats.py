"""`clodputer stats`: how runs went: success, durations and costs, by day, task or model, and by reason."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from time import time

import click

from clodputer.cli.arguments.since import moment_since, since_option
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal import bars
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.outcome import BLAMELESS
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store import homes
from clodputer.store.index.figures import Figures, day
from clodputer.tasks import taskfile
from clodputer.views.figures import stats as view

DAY, TASK, MODEL = "day", "task", "model"


@click.command()
@click.argument("task", default="", shell_complete=complete.tasks)
@since_option
@click.option(
    "--by",
    type=click.Choice((DAY, TASK, MODEL)),
    default=DAY,
    help="A row for each day (the default), or for each task or model, the most expensive first.",
)
@json_option
def command(task: str, since: str, by: str) -> Result:
    """Show how runs went: success, durations and costs.

    Of TASK, or of all. The success rate leaves out runs that had nothing to do, were cancelled, or were put back at a usage
    limit. Half of all
    runs took at most the median, nine of ten at most the p90. With --json, data.stats has all of it.

    \b
    Examples:
      clodputer stats
      clodputer stats nightly --since 7d
      clodputer stats --by task --since yesterday
      clodputer stats nightly --by model
      clodputer stats --since 2026-11-01 --json
    """
    if task and by == TASK:
        message = f"--by task compares all tasks, and {task[:80]!r} is only one"
        raise ClodputerError("usage", message, "Leave one of them out.", ExitCode.USAGE)
    return stats(os.environ, task, since, time(), get_terminal_size().columns, by)


def stats(environ: Mapping[str, str], task: str, since: str, now: float, width: int, by: str = DAY) -> Result:
    """The figures since then. Raises ClodputerError ("no_home", "usage", "task_unknown")."""
    home = homes.existing(environ)
    start = moment_since(since, now)
    if task and not os.path.isdir(f"{home.runs}/{task}") and not view.is_known(home, task):
        taskfile.load(home, task, environ)  # raises for a wrong name, with the right one
    found = view.stats(home, task, start, now)
    total, data = found.total, found.to_json()
    if not total.runs:
        return Result(data, f"No run {f'of {task} ' if task else ''}ended since {day(total.since)}.")
    if by in (TASK, MODEL):
        of = (
            found.of_tasks if by == TASK else {name or "(none)": row for name, row in found.of_models.items()}
        )
        rows = sorted(of.items(), key=lambda row: (-row[1].cost_usd, -row[1].runs, row[0]))
    else:
        rows = [(day(row.since), row) for row in found.rows]
    return Result(data, "\n\n".join((_summary(total), _reasons(total, width), _rows(rows, by, width))))


def _summary(of: Figures) -> str:
    parts = [f"{ink(counted(of.runs, 'run'), 'bold')} since {day(of.since)}", f"{_percent(of)} succeeded"]
    if of.median is not None and of.p90 is not None:
        parts.append(f"median {format_duration(of.median)}, p90 {format_duration(of.p90)}")
    if of.cost_usd:
        parts.append(dollars(of.cost_usd))
    if of.suspect:
        parts.append(ink(f"{of.suspect:,} suspect", "yellow"))
    return hung(", ".join(parts))


def _reasons(of: Figures, width: int) -> str:
    most = max(group.runs for group in of.groups)
    labels = [
        one_line(
            group.outcome
            if group.reason in ("completed", group.outcome)
            else f"{group.outcome} ({group.reason})",
            40,
        )
        for group in of.groups
    ]
    size, digits = max(map(len, labels)), len(f"{most:,}")
    room = bars.room(width, size + digits + 4)
    return "\n".join(
        f"{label.ljust(size)}  {group.runs:>{digits},}  {_bar(group.runs / most, room, group.outcome)}"
        for label, group in zip(labels, of.groups)
    )


def _rows(rows: Sequence[tuple[str, Figures]], title: str, width: int) -> str:
    """A row for each day or task, with a bar where there is room for it."""
    names = [printable(name) for name, _ in rows]
    size = max(len(title), *map(len, names))
    most = max(row.runs for _, row in rows)
    digits = max(len("runs"), len(f"{most:,}"))
    costs = max(len("cost"), *(len(dollars(row.cost_usd)) for _, row in rows))
    lines = []
    for name, (_, row) in zip(names, rows):
        took = format_duration(row.median) if row.median is not None else "-"
        cost = dollars(row.cost_usd) if row.cost_usd else "-"
        head = f"{name.ljust(size)}  {row.runs:>{digits},}  {_percent(row):>4}  {took:>7}  {cost:>{costs}}  "
        room = bars.room(width, len(head))
        good = round(row.blameless / most * room)
        whole = round(row.runs / most * room)
        lines.append(f"{head}{bars.full(good)}{bars.faint(whole - good)}".rstrip())
    head = f"{title.ljust(size)}  {'runs':>{digits}}  {'good':>4}  {'median':>7}  {'cost':>{costs}}"
    return "\n".join([ink(head, "dim"), *lines])


def _bar(part: float, room: int, outcome: str) -> str:
    filled = bars.length(part, room)
    return bars.full(filled) if outcome in BLAMELESS else bars.faint(filled)


def _percent(of: Figures) -> str:
    rate = of.success_rate
    return (
        "-"
        if rate is None
        else f"{int(rate * 100 + 0.5) if rate in (0.0, 1.0) else min(99, max(1, round(rate * 100)))}%"
    )
