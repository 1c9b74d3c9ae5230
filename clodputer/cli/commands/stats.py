"""`clodputer stats`: how runs went: success, durations and costs, by day and by reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from shutil import get_terminal_size
from time import time
from typing import Any

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.since import moment_since
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.when import dollars
from clodputer.model.moment import format_duration, iso
from clodputer.store import home as homes
from clodputer.store.index.figures import Figures, by_days, day, figures
from clodputer.store.index.query import Index
from clodputer.tasks import taskfile

# More rows than this nobody reads: of a longer time several days share one.
ROWS = 31
LONGEST_BAR = 30


@click.command()
@click.argument("task", default="")
@click.option(
    "--since", metavar="WHEN", default="30d", help="From when on: 30d (without it), 12h, or a date."
)
@json_option
def command(task: str, since: str) -> Result:
    """Show how runs went: success, durations and costs.

    Of TASK, or of all. The success rate leaves out runs that were cancelled or put back at a usage limit. Half of all
    runs took at most the median, nine of ten at most the p90. With --json, data.stats has all of it.

    \b
    Examples:
      clodputer stats
      clodputer stats nightly --since 7d
      clodputer stats --since 2026-11-01 --json
    """
    return stats(os.environ, task, since, time(), get_terminal_size().columns)


def stats(environ: Mapping[str, str], task: str, since: str, now: float, width: int) -> Result:
    """The figures since then. Raises ClodputerError ("no_home", "usage", "task_unknown")."""
    home = homes.existing(environ)
    start = moment_since(since, now)
    with Index(home) as index:
        if task and not os.path.isdir(f"{home.runs}/{task}") and not index.events(task=task, last=1):
            taskfile.load(home, task, environ)  # a wrong name is told, with the right one
        # From the first run on: ten years of nothing are no table.
        first = index.first_finished(start, task)
        total = figures(index, start, now, task)
        begin = now if first is None else first
        days = by_days(index, begin, now, task)
        rows = by_days(index, begin, now, task, -(-len(days) // ROWS)) if len(days) > ROWS else days
    data = {
        "stats": {
            "task": task or None,
            "since": iso(start),
            "until": iso(now),
            **_figures(total),
            "by_reason": [group._asdict() for group in total.groups],
            "by_day": [{"day": _day(each), **_figures(each)} for each in days],
        }
    }
    if not total.runs:
        return Result(data, f"No run {f'of {task} ' if task else ''}ended since {_day(total)}.")
    return Result(data, "\n\n".join((_summary(total), _reasons(total, width), _days(rows, width))))


def _figures(of: Figures) -> dict[str, Any]:
    rate = of.success_rate
    return {
        "runs": of.runs,
        "succeeded": of.succeeded,
        "success_rate": None if rate is None else round(rate, 4),
        "median_seconds": of.median,
        "p90_seconds": of.p90,
        "cost_usd": round(of.cost_usd, 6),
    }


def _summary(of: Figures) -> str:
    told = [f"{ink(_counted(of.runs, 'run'), 'bold')} since {_day(of)}", f"{_percent(of)} succeeded"]
    if of.median is not None and of.p90 is not None:
        told.append(f"median {format_duration(of.median)}, p90 {format_duration(of.p90)}")
    if of.cost_usd:
        told.append(dollars(of.cost_usd))
    return hung(", ".join(told))


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
    room = _room(width, size + digits + 4)
    return "\n".join(
        f"{label.ljust(size)}  {group.runs:>{digits},}  {_bar(group.runs / most, room, group.outcome)}"
        for label, group in zip(labels, of.groups)
    )


def _days(rows: list[Figures], width: int) -> str:
    most = max(row.runs for row in rows)
    digits = max(len("runs"), len(f"{most:,}"))
    costs = max(len("cost"), *(len(dollars(row.cost_usd)) for row in rows))
    lines = []
    for row in rows:
        took = format_duration(row.median) if row.median is not None else "-"
        cost = dollars(row.cost_usd) if row.cost_usd else "-"
        head = f"{_day(row)}  {row.runs:>{digits},}  {_percent(row):>4}  {took:>7}  {cost:>{costs}}  "
        room = _room(width, len(head))
        good = round(row.succeeded / most * room)
        whole = round(row.runs / most * room)
        lines.append(f"{head}{ink('█' * good, 'green')}{ink('░' * (whole - good), 'red')}".rstrip())
    head = f"{'day':10}  {'runs':>{digits}}  {'good':>4}  {'median':>7}  {'cost':>{costs}}"
    return "\n".join([ink(head, "dim"), *lines])


def _bar(part: float, room: int, outcome: str) -> str:
    filled = max(1, round(part * room)) if room else 0
    return ink("█" * filled, "green") if outcome == "succeeded" else ink("░" * filled, "red")


def _room(width: int, used: int) -> int:
    return max(0, min(LONGEST_BAR, width - used - 1))


def _percent(of: Figures) -> str:
    rate = of.success_rate
    return (
        "-"
        if rate is None
        else f"{int(rate * 100 + 0.5) if rate in (0.0, 1.0) else min(99, max(1, round(rate * 100)))}%"
    )


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _day(of: Figures) -> str:
    return day(of.since)
