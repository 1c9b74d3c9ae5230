"""`clodputer next`: the coming slot times of a task, of all tasks, or of a cron expression."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from time import time
from typing import Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.setup.scheduled import note as alarm_note
from clodputer.cli.text.waits import note as waits_note
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.queue.estimate import Estimate
from clodputer.model.schedules import cron, fuzzy
from clodputer.model.schedules.policy import Policy
from clodputer.model.schedules.schedule import Calendar
from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import format_duration, parse_moment
from clodputer.schedulers import scheduled
from clodputer.schedulers.scheduled import Scheduled
from clodputer.store.computer import machine
from clodputer.store.computer import zone as zones
from clodputer.tasks import taskfile
from clodputer.views.figures.effort import Efforts
from clodputer.views.queue import waits
from clodputer.views.queue.waits import Waits
from clodputer.views.schedule.coming import Coming, coming, first, stream

MOST = 1000


@click.command()
@click.argument("task", default="", shell_complete=complete.tasks)
@click.option("--cron", "expression", metavar="EXPR", help="A cron expression instead of tasks.")
@click.option(
    "--timezone", metavar="ZONE", help="The zone of --cron, such as Europe/Berlin; by default the system's."
)
@click.option(
    "--from", "start", metavar="TIME", help="Show what comes after this moment (ISO 8601), not after now."
)
@click.option(
    "--count", "-n", metavar="N", type=click.IntRange(1, MOST), default=5, help="How many; 5 by default."
)
@json_option
def command(
    task: str, expression: Optional[str], timezone: Optional[str], start: Optional[str], count: int
) -> Result:
    """Show the next slot times of tasks, or of a cron expression.

    Of TASK, or of all tasks that are enabled, or with --cron of an expression that need not be in any task. A slot time
    is a moment at which a trigger is due; a task with jitter starts a little later, which is shown beside it.

    Where no scheduler starts a task, or its alarm is not as the task needs it, it says so.

    With --json, data.slot_times holds them as ISO 8601 with offset.

    \b
    Examples:
      clodputer next
      clodputer next nightly --count 3
      clodputer next --cron "30 2 * * *" --timezone Europe/Berlin --from 2027-03-27
    """
    return asked(os.environ, task, expression, timezone, start, count, time())


def asked(
    environ: Mapping[str, str],
    name: str,
    expression: Optional[str],
    timezone: Optional[str],
    start: Optional[str],
    count: int,
    now: float,
) -> Result:
    """The slot times that are asked for. Raises ClodputerError."""
    if expression is not None:
        if name:
            raise _usage("a TASK and --cron do not go together", "Leave one of them out.")
        zone = zones.load(timezone or "", environ)
        calendar = Calendar(_parsed(expression), zone)
        found = stream("", "cron", Policy(), zone, calendar, _start(start, now, zone))
        return _result(first([found], count), "It is never due after that moment.")
    if " " in name:
        raise _usage(
            f"{name[:80]!r} is not the name of a task", f'For a cron expression: --cron "{name[:80]}"'
        )
    if timezone is not None:
        raise _usage("--timezone belongs to --cron; a task names its own", "Leave it out.")
    return _of_tasks(environ, name, _start(start, now, None), count)


def _of_tasks(environ: Mapping[str, str], name: str, after: float, count: int) -> Result:
    context = look(environ)
    if name:
        tasks = [taskfile.load(context.home, name, environ)]
    else:
        checked = (report.task for report in taskfile.check_all(context.home, environ))
        tasks = [
            task
            for task in checked
            if task is not None and task.enabled and machine.is_here(context.settings, task)
        ]
    found = coming(environ, tasks, after, count)
    efforts = Efforts(context, time())
    return _result(
        found,
        f"{f'Task {name} has' if name else 'No task has'} {'no ' if name else ''}slot times to come.",
        scheduled.look(context, tasks, sys.platform),
        [one for one in waits.of_home(context) if not name or one.task == name],
        context.masker,
        {one.task: efforts.of(one.task) for one in found},
    )


def _result(
    found: list[Coming],
    nothing: str,
    alarms: Optional[Scheduled] = None,
    kept: Sequence[Waits] = (),
    masker: Optional[Masker] = None,
    estimates: Mapping[str, Estimate] = {},
) -> Result:
    """alarms: what starts the tasks that the slot times are of; None for those of an expression. kept: what waits of them.

    estimates: what a run of each task is expected to take and to cost.
    """
    data = {
        "scheduler": alarms.to_json() if alarms else None,
        "slot_times": [zones.stamp(one.slot, one.zone) for one in found],
        "coming": [one.to_json() for one in found],
        "waits": [one.to_json() for one in kept],
        "estimates": [{"task": task, **one.to_json()} for task, one in estimates.items() if one.duration],
    }
    width = max((len(one.task) for one in found), default=0)
    lines = []
    for one in found:
        delay = ink(f"  starts {format_duration(one.delay)} later (jitter)", "dim") if one.delay else ""
        label = f"  {one.task.ljust(width)}  {ink(one.trigger, 'dim')}" if one.task else ""
        words = estimates[one.task].words if one.task in estimates else ""
        usually = ink(f"  usually {words}", "dim") if words else ""
        lines.append(hung(f"{zones.wall(one.slot, one.zone)}{label}{delay}{usually}"))
    notes = (waits_note(kept), alarm_note(alarms) if alarms and found else "")
    text = "\n\n".join(("\n".join(lines or [nothing]), *filter(None, notes)))
    return Result(masker.data(data), masker.text(text)) if masker else Result(data, text)


def _parsed(expression: str) -> cron.Cron:
    if fuzzy.parse(expression) is not None:
        raise _usage(
            f"{expression[:80]!r} is a fuzzy time: each task has one of its own in that span",
            "Write it as the schedule of a task, and ask for that: clodputer next TASK",
        )
    try:
        return cron.parse(expression)
    except cron.InvalidCron as error:
        raise _usage(
            f"{expression[:80]!r} is not a cron expression: {error}", "Such as: 0 8 * * mon-fri"
        ) from None


def _start(text: Optional[str], now: float, zone: Optional[tzinfo]) -> float:
    """The moment that --from names; one without an offset is by the clock of the zone asked for."""
    if text is None:
        return now
    try:
        moment = parse_moment(text, now)
        if zone is not None and not text.startswith("+"):
            wall = datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
            moment = (wall if wall.tzinfo else wall.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        raise _usage(f"--from: {error}", "Such as: --from 2027-03-27T00:00") from None
    return moment


def _usage(message: str, hint: str) -> ClodputerError:
    return ClodputerError("usage", message, hint, ExitCode.USAGE)
