"""`clodputer list`: the tasks, when they run, and how their last runs ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from time import time
from typing import Any

import click

from clodputer import triggers
from clodputer.cli.group import json_option
from clodputer.cli.looking import look
from clodputer.cli.result import Result
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text import scheduled as scheduledtext
from clodputer.cli.text import slot
from clodputer.model.moment import format_duration, iso
from clodputer.schedulers import scheduled
from clodputer.store import zone
from clodputer.views import tasks
from clodputer.views.tasks import Broken, Listed

COLUMNS = (
    Column("TASK"),
    Column("TRIGGERS", cut=True),
    Column("NEXT"),
    Column("LAST RUN", gives_way=True),
    Column("WHEN", drops=True),
    Column("USUALLY", right=True, drops=True),
)
# The triggers of a task are cut after so many characters; `next` and the file itself have them whole.
LONGEST = 80


@click.command()
@json_option
@click.pass_obj
def command(as_json: bool) -> Result:
    """List the tasks: when they run, and how their last runs ended.

    NEXT is the next slot time, by the clock of the trigger's own zone, which is named when it is not yours; USUALLY is
    the median of the latest runs that succeeded. A task file that is no task is listed below, with the first of its
    mistakes. Where no scheduler starts a task, or its alarm is not as the task wants it, it says so.

    \b
    Examples:
      clodputer list
      clodputer list --json
    """
    return listing(os.environ, time(), as_json=as_json)


def listing(environ: Mapping[str, str], now: float, *, as_json: bool = False) -> Result:
    """The list. Raises ClodputerError when there is no home."""
    context = look(environ)
    found, broken = tasks.listed(context.home, environ, now)
    alarms = scheduled.look(context, [one.task for one in found], sys.platform)
    data = {
        "tasks": [told(one) for one in found] + [told_broken(one) for one in broken],
        "scheduler": alarms.to_json(),
    }
    if as_json:
        return Result(context.masker.data(data))
    rows = [_row(one, now, kept=not alarms.nothing_starts(one.task.name)) for one in found]
    parts = [table(COLUMNS, rows), scheduledtext.note(alarms), broken_lines(broken)]
    text = "\n\n".join(part for part in parts if part)
    return Result(
        data, context.masker.text(text) or f"There are no tasks in {printable(context.home.tasks)} yet."
    )


def told(one: Listed) -> dict[str, Any]:
    """A task for programs."""
    task, last = one.task, one.habit.last
    return {
        "name": task.name,
        "path": task.path,
        "enabled": task.enabled,
        "description": task.description,
        "lane": task.lane,
        "triggers": [
            {"type": each.type, "words": triggers.load(each.type).words(each)} for each in one.triggers
        ],
        "next_slot_time": slot.written(one.coming.slot, one.coming.zone) if one.coming else None,
        "last_run": None
        if last is None
        else {
            "run_id": last.run_id,
            "outcome": last.outcome,
            "reason": last.reason,
            "ended_at": iso(last.at),
            "duration_seconds": last.duration,
            "cost_usd": last.cost_usd,
        },
        "usual_duration_seconds": one.habit.usual,
        "problems": [one.trouble] if one.trouble else [],
    }


def told_broken(one: Broken) -> dict[str, Any]:
    """A file that is no task, for programs: the keys of a task, most of them without a value."""
    return {
        "name": one.name,
        "path": one.path,
        "enabled": None,
        "description": "",
        "lane": None,
        "triggers": [],
        "next_slot_time": None,
        "last_run": None,
        "usual_duration_seconds": None,
        "problems": [str(problem) for problem in one.problems],
    }


def broken_lines(broken: Sequence[Broken]) -> str:
    """The files that are no tasks, a line each."""
    lines = []
    for one in broken:
        more = len(one.problems) - 1
        rest = f" (and {more} more)" if more else ""
        lines.append(hung(f"  {printable(str(one.problems[0]))}{rest}"))
    if not lines:
        return ""
    return "\n".join([hung(f"{ink('Broken', 'red', 'bold')} (all mistakes: clodputer validate)"), *lines])


def _row(one: Listed, now: float, kept: bool) -> tuple[str, ...]:
    """kept: something will start the task at its next slot time."""
    task, last = one.task, one.habit.last
    upcoming = zone.wall(one.coming.slot, one.coming.zone) if one.coming else ""
    upcoming = upcoming if kept or not upcoming else ink("not scheduled", "yellow")
    return (
        ink(task.name, "bold") if task.enabled else ink(task.name, "dim"),
        one_line(triggers.words(one.triggers), LONGEST),
        (ink("disabled", "yellow") if not task.enabled else one_line(one.trouble, 40)) or upcoming,
        when.ended(last.outcome, last.reason) if last else ink("never ran", "dim"),
        when.ago(last.at, now) if last else "",
        "" if one.habit.usual is None else format_duration(one.habit.usual),
    )
