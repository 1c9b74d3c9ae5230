"""`clodputer cancel`: take a request out before it runs, or stop its run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.requests import cancel
from clodputer.runner.requests.cancel import Cancelled
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.spool import aside, find
from clodputer.tasks import taskfile
from clodputer.views.queue import setaside


@click.command()
@click.argument("request", metavar="[REQUEST|RUN]", default="", shell_complete=complete.waiting)
@click.option(
    "--all-of",
    "task",
    metavar="TASK",
    help="Cancel all that waits or runs of this task.",
    shell_complete=complete.tasks,
)
@json_option
def command(request: str, task: Optional[str]) -> Result:
    """Cancel a request that waits, or stop its run.

    REQUEST is the id of a request or of its run, or the beginning or the end of one that fits no other (see: clodputer queue).
    One that waits is put into spool/closed/, with the reason beside it; `clodputer retry` drops it again. One that runs is
    stopped by the exec that runs it, and ends as cancelled; we wait for that, for a minute at most.

    Exit code 0 when it is cancelled, or was before; 1 when it had already ended.

    \b
    Examples:
      clodputer cancel 3f9a2c1b
      clodputer cancel --all-of nightly
    """
    if bool(request) == bool(task):
        raise ClodputerError(
            "usage",
            "cancel takes one request or run, or --all-of TASK",
            "See what there is with: clodputer queue",
            ExitCode.USAGE,
        )
    return _all_of(os.environ, task) if task else _one(os.environ, request)


def _one(environ: Mapping[str, str], wanted: str) -> Result:
    context = look(environ)
    found = cancel.find(context, wanted)
    return _result([cancel.cancel(context, found)]) if found else _not_there(context, wanted)


def _all_of(environ: Mapping[str, str], task: str) -> Result:
    context = look(environ)
    found = cancel.of_task(context, task)
    known = {*taskfile.names(context.home), *runs.tasks(context.home)}
    if not found and task not in known:
        raise ClodputerError("task_unknown", f"there is no task {task[:80]!r}{did_you_mean(task, known)}")
    # What waits first: else the next one would begin when the run is stopped.
    found.sort(key=lambda one: one.state == "running")
    if not found:
        return Result({"cancelled": []}, f"Nothing of {task} waits or runs.")
    return _result([cancel.cancel(context, one) for one in found])


def _result(done: list[Cancelled]) -> Result:
    data = {"cancelled": [each.to_json() for each in done]}
    late = [one for one in done if one.result == "ended"]
    text = "\n".join(_line(one) for one in done)
    if not late:
        return Result(data, text)
    errors = tuple(
        ClodputerError("already_ended", _late(one), f"clodputer show {one.run_id}") for one in late
    )
    return Result(data, text, ExitCode.EXPECTED, errors)


def _line(one: Cancelled) -> str:
    who = f"{ink(one.task, 'bold')} {one.request_id}".strip()
    if one.result == "cancelled":
        return f"{who} {ink('cancelled', 'yellow')} before it ran; kept as {printable(one.kept)}"
    if one.result == "stopped":
        return f"{who} {ink('stopped', 'yellow')}: its run {one.run_id} ended as cancelled"
    if one.stale:
        return f"{who} is not run again; the exec that had it died, and the next one settles its run: clodputer exec"
    if one.result == "asked":
        return f"{who} will be stopped, and is not run again; the exec that has it has not answered yet"
    return printable(_late(one))


def _late(one: Cancelled) -> str:
    ended = f"as {one.outcome}" if one.outcome else "by itself"
    return f"{one.request_id or one.task}: nothing to cancel, its run {one.run_id} ended {ended}".replace(
        "  ", " "
    )


def _not_there(context: Context, wanted: str) -> Result:
    """The answer about a request that neither waits nor runs. Raises ClodputerError unless it was cancelled before."""
    found = find.the_one(wanted, find.fitting(context.home, wanted, (find.CLOSED, find.DEAD, find.RUN)))
    if found and found.state != find.RUN:
        verb = "closed" if found.state == find.CLOSED else "given up"
        reason = aside.read(find.folder(context.home, found.state), found.name)
        if reason.code == aside.CANCELLED and not reason.retried_as:
            done = Cancelled(cancel.CANCELLED, found.id, "", "closed", found.path)
            return Result({"cancelled": [done.to_json()]}, printable(f"{found.id} was cancelled before"))
        raise ClodputerError(
            "already_ended",
            f"{wanted}: nothing to cancel, it was {verb}: {setaside.words(reason)}",
            f"See it with: clodputer show {find.handle(found)}",
        )
    record = runs.record(context.home, found.task, found.run_id) if found else None
    if found and record:
        if record["outcome"] == "cancelled":
            request_id, was, outcome = str(record["request_id"]), "running", "cancelled"
            done = Cancelled(cancel.STOPPED, request_id, found.task, was, "", found.run_id, outcome)
            return Result(
                {"cancelled": [done.to_json()]}, printable(f"run {found.run_id} was cancelled before")
            )
        raise ClodputerError(
            "already_ended",
            f"nothing to cancel: run {found.run_id} of {found.task} ended as {record['outcome']}",
            f"See it with: clodputer show {found.run_id}",
        )
    if wanted in taskfile.names(context.home):
        raise ClodputerError(
            "request_unknown",
            f"{wanted} is a task, and no request or run",
            f"To cancel all that waits or runs of it: clodputer cancel --all-of {wanted}",
        )
    raise ClodputerError(
        "request_unknown",
        f"no request and no run fits {wanted[:80]!r}",
        "See what waits and runs with: clodputer queue",
    )
