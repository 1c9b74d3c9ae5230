"""`clodputer list`: the tasks, when they run, and how their last runs ended."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import time

import click

from clodputer import triggers
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text import waits
from clodputer.cli.text.setup import scheduled
from clodputer.model.text.moment import format_duration
from clodputer.store.computer import zone
from clodputer.views.tasks import tasks
from clodputer.views.tasks.tasks import Broken, Listed

COLUMNS = (
    Column("TASK"),
    Column("TRIGGERS", cut=True, drops=True),
    Column("NEXT"),
    Column("LAST RUN", gives_way=True),
    Column("WHEN"),
    Column("USUALLY", right=True, drops=True),
)
# In a narrow terminal what is usual goes first, then the triggers, and never when a task ran last.
# The triggers of a task are cut after so many characters; `next` and the file itself have them whole.
LONGEST = 80


@click.command()
@json_option
@click.pass_obj
def command(as_json: bool) -> Result:
    """List the tasks: when they run, and how their last runs ended.

    NEXT is the next slot time, by the clock of the trigger's own zone, which is named when it is not yours; USUALLY is
    the median of the latest runs that succeeded. A task file with mistakes is listed below, with the first of them. Where
    no scheduler starts a task, or its alarm is not as the task needs it, it says so.

    \b
    Examples:
      clodputer list
      clodputer list --json
    """
    return listing(os.environ, time(), as_json=as_json)


def listing(environ: Mapping[str, str], now: float, *, as_json: bool = False) -> Result:
    """The list. Raises ClodputerError when there is no home."""
    context = look(environ)
    found = tasks.listing(context, now)
    data = context.masker.data(found.to_json())
    if as_json:
        return Result(data)
    rows = [_row(one, now, kept=not found.scheduled.nothing_starts(one.task.name)) for one in found.tasks]
    kept = [waiting for one in found.tasks for waiting in one.waits]
    parts = [
        table(COLUMNS, rows),
        waits.note(kept),
        scheduled.note(found.scheduled),
        broken_lines(found.broken),
    ]
    text = "\n\n".join(part for part in parts if part)
    return Result(
        data, context.masker.text(text) or f"There are no tasks in {printable(context.home.tasks)} yet."
    )


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


def _triggers(one: Listed) -> str:
    """What brings requests in: the task's own triggers, and events that are routed to it."""
    events = [f"event {route.type} from {route.sender}" for route in one.routes]
    own = triggers.words(one.triggers) if not events or any(t.type != "manual" for t in one.triggers) else ""
    return ", ".join(filter(None, (own, *events)))


def _row(one: Listed, now: float, kept: bool) -> tuple[str, ...]:
    """kept: something will start the task at its next slot time."""
    task, last = one.task, one.habit.last
    upcoming = zone.wall(one.coming.slot, one.coming.zone) if one.coming else ""
    upcoming = upcoming if kept or not upcoming else ink("not scheduled", "yellow")
    return (
        ink(task.name, "bold") if task.enabled else ink(task.name, "dim"),
        one_line(_triggers(one), LONGEST),
        (
            ink("disabled automatically" if one.by_itself else "disabled", "yellow")
            if not task.enabled
            else ink(f"on {one_line(' '.join(task.machines), 30)}", "dim")
            if one.elsewhere
            else one_line(one.trouble, 40)
        )
        or upcoming,
        when.ended(last.outcome, last.reason, suspect=last.suspect) if last else ink("never ran", "dim"),
        when.ago(last.at, now) if last else "",
        "" if one.habit.usual is None else format_duration(one.habit.usual),
    )
