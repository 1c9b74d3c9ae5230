"""`clodputer why`: in words, why a task did or did not run last time, and what it waits for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple, Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.fields import wrapped_field
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import wrapped
from clodputer.cli.text import set_aside, waits
from clodputer.cli.text.setup import fates, scheduled
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.learning.worth import Adapted
from clodputer.model.outcome import LIMITED, SKIPPED, SUCCEEDED
from clodputer.model.text.jsontext import with_nulls
from clodputer.model.text.moment import parse_moment
from clodputer.model.text.plural import counted
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.requests.cancel import task_inside
from clodputer.store.computer import zone as zones
from clodputer.store.context import Context
from clodputer.store.holds import USAGE_LIMIT
from clodputer.store.records import runs
from clodputer.store.spool.find import RUN, UNENDED, Found, handle, meant
from clodputer.tasks import taskfile
from clodputer.views.incoming.routing import Routed
from clodputer.views.published import publishing
from clodputer.views.queue import setaside
from clodputer.views.runs.run import record_problem
from clodputer.views.tasks.predecessors import Before
from clodputer.views.tasks.why import NOTHING, Why, of_task


class Asked(NamedTuple):
    """The request or run that was asked about: where it is, its ids, its path, and what fixes it, if anything does."""

    place: str
    request_id: str
    run_id: str
    path: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


@click.command()
@click.argument("task", metavar="TASK|REQUEST|RUN", shell_complete=complete.runs)
@json_option
def command(task: str) -> Result:
    """Say why a task did or did not run, and what it waits for.

    Shows its last run, the slot times that were missed or coalesced and for which reason, and what is between it and
    its next run: a slot time, a hold on its lane, a request that waits, what would keep one waiting that came now, a
    mistake in its file, or that it is disabled. Of its requests that were rejected or given up it names the place, the
    reason, and the command that fixes it.

    Given the id of a REQUEST or a RUN, it begins with that one.

    \b
    Examples:
      clodputer why nightly
      clodputer why 3f9a2c1b
      clodputer why nightly --json
    """
    return why(os.environ, task, time())


def why(environ: Mapping[str, str], wanted: str, now: float) -> Result:
    """The answer. Raises ClodputerError when nothing, or more than one thing, fits."""
    context = look(environ)
    if wanted in taskfile.names(context.home) or wanted in runs.tasks(context.home):
        return _of_task(context, wanted, now)
    one = meant(context.home, wanted)
    if one is None:
        near = did_you_mean(wanted, taskfile.names(context.home))
        raise ClodputerError(
            "task_unknown",
            f"no task, no run and no request fits {wanted[:80]!r}{near}",
            "See the tasks with: clodputer list. See what waits: clodputer queue",
        )
    return _of_request(context, one, now)


def _of_task(context: Context, name: str, now: float, asked: Optional[Asked] = None) -> Result:
    """What there is to say of a task; not of the file that was asked about, of which everything was said."""
    found = of_task(context, name, now) if name else NOTHING
    data = context.masker.data({**found.to_json(), "asked": asked and asked.to_json()})
    text = context.masker.text(_words(found, asked.path if asked else "", now)) if name else ""
    wrong, mask = found.trouble, context.masker.text
    errors = (ClodputerError(wrong.code, mask(wrong.message), mask(wrong.hint)),) if wrong else ()
    return Result(data, text, ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _words(found: Why, but: str, now: float) -> str:
    lines = [wrapped(f"{ink(printable(found.name), 'bold')}{printable(found.state)}")]
    if found.trouble:
        lines.append(wrapped_field("broken", printable(found.trouble.message)))
        lines.append(wrapped_field("", printable(found.trouble.hint)))
    if found.hold is not None and found.hold.hold.reason != USAGE_LIMIT:
        lines.append(wrapped_field("go on", f"clodputer resume {printable(found.hold.target.option)}"))
    lines += [wrapped_field("waits", waits.line(one)) for one in found.waits]
    if found.foreseen:
        told = waits.sentences(found.foreseen.message, found.foreseen.until, found.foreseen_ends)
        lines.append(wrapped_field("would wait", told))
    lines += set_aside.of_task([file for file in found.set_aside if file.path != but], now)
    if found.adapted:
        lines.append(wrapped_field("priority", _adapted(found.adapted)))
    lines.append(wrapped_field("last run", _last(found, now)))
    if found.publishes:
        lines.append(wrapped_field("publishes", printable("\n".join(publishing.lines([*found.publishes])))))
    for one in found.before:
        name = printable(f"{one.task}: " if one.task else "")
        lines.append(wrapped_field("after" if one.on == "after" else "follows", f"{name}{_before(one)}"))
    if found.fates:
        lines.append(wrapped_field("not run", "\n".join(fates.lines(found.fates))))
    for overdue in found.overdue:
        since = f"since {zones.wall(overdue.slot)}; no exec has looked at it. To see what is wrong: clodputer doctor"
        lines.append(wrapped_field("overdue", since))
    lines += [wrapped_field(awaited.type, printable(awaited.words)) for awaited in found.triggers]
    lines += [wrapped_field("event", _routed(one)) for one in found.routes]
    if found.scheduled and (wrong := scheduled.of_task(found.scheduled, found.name)):
        lines.append(wrapped_field("alarm", wrong))
        lines.append(wrapped_field("fix", printable(found.scheduled.hint)))
    return "\n".join(lines)


def _adapted(one: Adapted) -> str:
    moved = f"{one.priority}, {one.step:+d} by adapt" if one.step else f"{one.priority}, not moved by adapt"
    return printable(f"{moved}: {one.why}")


def _routed(one: Routed) -> str:
    made = f"{counted(one.today, 'request')} of it in 24 hours"
    return printable(f"runs when {one.sender} reports {one.type} (routes in config.yaml); {made}")


def _before(one: Before) -> str:
    on = "" if one.on == "after" else f"{one.on}: "
    return ink(printable(f"{on}{one.words}"), "green" if one.came else "yellow")


def _of_request(context: Context, one: Found, now: float) -> Result:
    """First what became of one request, then its task, when it has one."""
    task, fix = one.task, ""
    if one.state == RUN:
        record = runs.record(context.home, one.task, one.run_id)
        sound = record is not None and not record_problem("", record)
        ended = f"{when.ended(record['outcome'], record['reason'])}" if record and sound else "has no record"
        text = f"run {one.run_id} of {ink(task, 'bold')}: {ended}; see: clodputer show {one.run_id}"
    elif one.state in UNENDED:
        task = task or task_inside(one)
        text = f"request {handle(one)}{f' of {task}' if task else ''} is {one.state}"
    else:
        file = setaside.describe(context, one.state, one.name)
        task, fix = file.task, file.fix
        text = set_aside.page(file, None, now)
    known = task in (*taskfile.names(context.home), *runs.tasks(context.home))
    asked = Asked(one.state, one.id, one.run_id, one.path, fix)
    rest = _of_task(context, task if known else "", now, asked)
    data = rest.data if known else {**rest.data, "task": task or None}
    text = "\n\n".join(filter(None, (context.masker.text(text), rest.text)))
    return Result(data, text, rest.exit_code, rest.errors)


def _last(found: Why, now: float) -> str:
    record = found.last
    if record is None:
        return "none yet"
    slot = record["origin"].get("slot_time")
    of = f", for the slot time {zones.wall(parse_moment(str(slot), now))}" if slot else ""
    ago = when.ago(parse_moment(str(record["ended_at"]), now), now)
    rest = f"{ago}, trigger: {record['trigger']}{of}; see: clodputer show {record['run_id']}"
    # One that lies in dead/ is shown above, with its own command.
    shown = any(file.request_id == record["request_id"] for file in found.set_aside)
    if record["outcome"] not in (SUCCEEDED, SKIPPED, LIMITED) and not shown:
        rest += f"; to run it again: clodputer retry {record['run_id']}"
    return f"{when.ended(record['outcome'], record['reason'])} {printable(rest)}"
