"""`clodputer run`: drop a request for one task, drain, and tell how its run ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Any, Callable, Optional

import click

from clodputer.cli.commands.run_dry import dry_run as show
from clodputer.cli.commands.run_options import (
    Wanted,
    parse_context,
    parse_priority,
    parse_when,
    read_text,
    usage,
)
from clodputer.cli.commands.run_wait import refuse_exposed, refuse_held, settle, warn_over_budget
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal import screen
from clodputer.cli.terminal.ink import ink, is_terminal, shown
from clodputer.cli.terminal.live import Live
from clodputer.cli.text.runs import run_record
from clodputer.model import outcome
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.request import Request
from clodputer.model.task import ASK, Task
from clodputer.model.text.moment import iso
from clodputer.runner.place import withsecrets
from clodputer.runner.processes.stop import Stop
from clodputer.runner.prompt import texts
from clodputer.runner.requests.submit import submit
from clodputer.schedulers import shim
from clodputer.schedulers.installation import shim_path
from clodputer.store.computer import machine, zone
from clodputer.store.context import Context, look
from clodputer.store.records import runs
from clodputer.store.taskstate import disabled
from clodputer.tasks import ask, taskfile


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.option(
    "--context",
    "-c",
    metavar="NAME=VALUE",
    multiple=True,
    help="Sets {{ context.NAME }} to a text; NAME:=JSON sets it to any JSON value. May be given several times.",
)
@click.option(
    "--body",
    "-b",
    metavar="TEXT",
    help="The text for {{ body }} in the prompt; - reads it from stdin.",
)
@click.option(
    "--priority",
    "-p",
    metavar="1-5|low|normal|high",
    help="5 runs first; by default the task's own priority.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="Only drop the request, to be run at 03:00, or at a moment such as 2026-12-24T18:00.",
)
@click.option("--in", "after", metavar="DURATION", help="The same, to be run after this long, such as 2h.")
@click.option(
    "--follow",
    "-f",
    is_flag=True,
    help="Print the conversation as it happens: texts, tool calls, results, denials.",
)
@click.option(
    "--no-wait", is_flag=True, help="Only drop the request and print its id; the next exec runs it."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only show what would be started: argument list, names of variables, folder, prompt.",
)
@click.option(
    "--no-follow-ups", "alone", is_flag=True, help="Start none of the follow-ups that the task names."
)
@json_option
@click.pass_obj
def command(
    as_json: bool,
    task: str,
    context: tuple[str, ...],
    body: Optional[str],
    priority: Optional[str],
    at: Optional[str],
    after: Optional[str],
    follow: bool,
    no_wait: bool,
    dry_run: bool,
    alone: bool,
) -> Result:
    """Run a task now, and show how it ended.

    Drops a request, has the spool drained in the background as `clodputer exec` does, and waits for the end of that
    request's run, in whichever process it is. In a terminal a line shows how far it is. Ctrl-C, or closing the terminal,
    cancels this request and nothing else.

    Exit code 0 when the run succeeded, 1 when it did not, 75 when it is on hold or a usage limit was reached.

    \b
    Examples:
      clodputer run nightly
      clodputer run nightly --follow
      clodputer run nightly --dry-run
      clodputer run greet --context name=Ada --context 'guests:=["Bob", "Eve"]' --json
      git diff | clodputer run review --body -
      clodputer run nightly --at 03:00
    """
    later = "--no-wait" if at is None and after is None else "--in" if at is None else "--at"
    chosen = [
        name
        for name, given in (
            ("--follow", follow),
            (later, no_wait or later != "--no-wait"),
            ("--dry-run", dry_run),
        )
        if given
    ]
    if len(chosen) > 1:
        raise usage(f"{' and '.join(chosen)} exclude each other")
    if follow and as_json:
        raise usage(
            "--follow prints text, which --json forbids", "The run's stdout has the same as JSON lines."
        )
    not_before = parse_when(at, after, time(), os.environ)
    wanted = Wanted(
        parse_context(context), parse_priority(priority), read_text("--body", body), not_before, alone=alone
    )
    say = teller(as_json)
    if dry_run:
        return show(*find(os.environ, task, wanted), wanted)
    if no_wait or not_before is not None:
        return drop(os.environ, task, wanted, say, live=not as_json)
    return run(os.environ, task, wanted, say, follow=follow, live=not as_json)


def find(environ: Mapping[str, str], name: str, wanted: Wanted) -> tuple[Context, Task]:
    """The task of that name, which must be fit to run what is wanted. Raises ClodputerError."""
    context = look(environ)
    task = taskfile.load(context.home, name, environ)
    shown = withsecrets.shown(context)  # a template is only read here, and nothing is looked up for that
    if not task.enabled:
        by_itself = disabled.read(context.home, task.name)
        raise ClodputerError(
            "task_disabled",
            f"task {task.name} is disabled{f' automatically {by_itself.words}' if by_itself else ''}",
            f"Fix: clodputer enable {task.name}",
        )
    if not machine.is_here(context.settings, task):
        raise ClodputerError(
            "other_machine",
            f"task {task.name} does not run here: {machine.sentence(context.settings, task)}",
            f"Run it there, or name this machine in its machines: clodputer edit {task.name}",
        )
    if wanted.body:
        texts.check_body(task, environ, shown.secrets)
    if task.name == ASK:
        ask.fitted(task, Request("none", ASK, time(), wanted.context))
    else:
        texts.check_context(task, wanted.context, environ, shown.secrets)
    return context, task


def _submit(context: Context, task: Task, wanted: Wanted) -> str:
    return submit(
        context,
        task.name,
        values=wanted.context,
        priority=wanted.priority,
        body=wanted.body,
        not_before=wanted.not_before,
        trigger="manual",
        follow_ups=not wanted.alone,
    )


def drop(
    environ: Mapping[str, str],
    name: str,
    wanted: Wanted,
    say: Callable[[str], None] | None = None,
    *,
    live: bool = False,
) -> Result:
    """Drop a request and leave it to an exec. Raises ClodputerError, OSError."""
    context, task = find(environ, name, wanted)
    if live and wanted.not_before is None:
        warn_over_budget(context, task)
    request_id = _submit(context, task, wanted)
    if wanted.not_before is not None and say is not None:
        say(
            f"{ink(task.name, 'bold')}: waits until {zone.wall(wanted.not_before)}; the first exec after that runs it"
        )
        if shim.read(shim_path(context.home.root)) is None:
            say("no scheduler is set up that would start an exec; Fix: clodputer install")
    not_before = None if wanted.not_before is None else iso(wanted.not_before)
    data = {"task": task.name, "request_id": request_id, "lane": task.lane, "not_before": not_before}
    return Result(data, request_id)


def run(
    environ: Mapping[str, str],
    name: str,
    wanted: Wanted,
    say: Callable[[str], None],
    *,
    follow: bool = False,
    live: bool = False,
) -> Result:
    """Run a task and return the result of its run. Raises ClodputerError when there was none, OSError."""
    with Stop() as stop:
        context, task = find(environ, name, wanted)
        refuse_exposed(context, task)
        refuse_held(context, task, "Nothing was dropped.")
        if live:
            warn_over_budget(context, task)
        place = screen.on(sys.stderr, environ) if live else None
        watcher = None
        if place is not None or follow:
            watcher = Live(context, task, stop, place, follow)
            stop.meanwhile = watcher.glance
        request_id = _submit(context, task, wanted)
        say(f"{ink(task.name, 'bold')}: request {request_id} dropped; Ctrl-C cancels it")
        try:
            if watcher is not None:
                watcher.begin(request_id)
            settled = settle(context, task, request_id, stop, say)
        finally:
            if watcher is not None:
                watcher.finish()
    return _result(settled.record, runs.folder(context.home, task.name, settled.run_id))


def _result(record: Mapping[str, Any], folder: str) -> Result:
    data = {"record": record, "folder": folder}
    text = run_record.summary(record, folder)
    if record["outcome"] in (outcome.SUCCEEDED, outcome.SKIPPED):
        return Result(data, text)
    code, reason = ExitCode.EXPECTED, outcome.REASONS.get(record["reason"])
    if record["outcome"] == outcome.LIMITED:
        code = ExitCode.LATER
    elif record["reason"] == "cancelled":
        code = ExitCode.INTERRUPTED
    error = ClodputerError(
        record["reason"],
        record["message"] or (reason.meaning if reason else ""),
        outcome.remedy(record["reason"], record["run_id"]),
    )
    return Result(data, text, code, (error,))


def teller(as_json: bool) -> Callable[[str], None]:
    """What says how far it is, on stderr: to a person in a terminal, and to nobody else."""
    return _no_word if as_json or not is_terminal(sys.stderr) else _word


def _word(text: str) -> None:
    sys.stderr.write(shown(text + "\n", sys.stderr, os.environ))
    sys.stderr.flush()


def _no_word(text: str) -> None:
    del text
