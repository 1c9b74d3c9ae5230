"""`clodputer run`: drop a request for one task, drain, and tell how its run ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

import click

from clodputer.agents import lines
from clodputer.cli import complete
from clodputer.cli.commands.run_dry import dry_run as show
from clodputer.cli.commands.run_wait import refuse_held, settle
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal import screen
from clodputer.cli.terminal.ink import ink, is_terminal, shown
from clodputer.cli.terminal.live import Live
from clodputer.cli.text import run_record
from clodputer.model import outcome, request
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.task import Task
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests.submit import submit
from clodputer.store import runs
from clodputer.store.context import Context, look
from clodputer.tasks import taskfile


class Wanted(NamedTuple):
    """What is asked of a task: the context and the priority of its request."""

    context: Mapping[str, Any] = {}
    priority: Optional[int] = None


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.option(
    "--context",
    "-c",
    metavar="NAME=VALUE",
    multiple=True,
    help="Sets {{ context.NAME }} to a text; NAME:=JSON sets it to any JSON value. May be repeated.",
)
@click.option(
    "--priority",
    "-p",
    metavar="1-5|low|normal|high",
    help="Of what waits, 5 runs first; else the task's own.",
)
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
@json_option
@click.pass_obj
def command(
    as_json: bool,
    task: str,
    context: tuple[str, ...],
    priority: Optional[str],
    follow: bool,
    no_wait: bool,
    dry_run: bool,
) -> Result:
    """Run a task now and tell how it ended.

    Drops a request, has the spool drained in the background as `clodputer exec` does, and waits for the end of that
    request's run, in whichever process it is. In a terminal a line shows how far it is. Ctrl-C, or closing the terminal,
    cancels this request and nothing else.

    Exit code 0 when the run succeeded, 1 when it did not, 75 when its lane is on hold or a usage limit was reached.

    \b
    Examples:
      clodputer run nightly
      clodputer run nightly --follow
      clodputer run nightly --dry-run
      clodputer run greet --context name=Ada --context 'guests:=["Bob", "Eve"]' --json
    """
    chosen = [
        name
        for name, given in (
            ("--follow", follow),
            ("--no-wait", no_wait),
            ("--dry-run", dry_run),
        )
        if given
    ]
    if len(chosen) > 1:
        raise _usage(f"{' and '.join(chosen)} exclude each other")
    if follow and as_json:
        raise _usage(
            "--follow prints text, which --json forbids", "The run's stdout has the same as JSON lines."
        )
    wanted = Wanted(parse_context(context), parse_priority(priority))
    if dry_run:
        return show(*find(os.environ, task), wanted.context, wanted.priority)
    if no_wait:
        return drop(os.environ, task, wanted)
    say = _no_word if as_json or not is_terminal(sys.stderr) else _word
    return run(os.environ, task, wanted, say, follow=follow, live=not as_json)


def parse_context(pairs: Sequence[str]) -> dict[str, Any]:
    """The mapping that NAME=VALUE and NAME:=JSON make. Raises ClodputerError (a usage error)."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        plain = name.removesuffix(":")
        if not equals or not plain.isidentifier():
            raise _usage(
                f"--context takes NAME=VALUE with a plain name, found {pair[:80]!r}",
                "For example: --context name=Ada",
            )
        values[plain] = value if plain == name else _json(pair, value)
    return values


def _json(pair: str, text: str) -> Any:
    try:
        return lines.read(text.encode("utf-8", "surrogateescape"))
    except ValueError:
        raise _usage(
            f"--context: what follows := is no JSON: {pair[:80]!r}",
            "Write a text as NAME=VALUE, or quoted: 'NAME:=\"VALUE\"'.",
        ) from None


def parse_priority(text: Optional[str]) -> Optional[int]:
    """The priority that a person wrote; None for none. Raises ClodputerError (a usage error)."""
    if text is None:
        return None
    try:
        return request.parse_priority(int(text) if text.strip().isdecimal() else text)
    except ValueError as error:
        raise _usage(f"--priority: {error}") from None


def _usage(message: str, hint: str = "Try: clodputer run --help") -> ClodputerError:
    return ClodputerError("usage", message, hint, ExitCode.USAGE)


def find(environ: Mapping[str, str], name: str) -> tuple[Context, Task]:
    """The task of that name, which must be fit to run. Raises ClodputerError."""
    context = look(environ)
    task = taskfile.load(context.home, name, environ)
    if not task.enabled:
        raise ClodputerError(
            "task_disabled", f"task {task.name} is disabled", f"Set enabled: true in {task.path}."
        )
    return context, task


def drop(environ: Mapping[str, str], name: str, wanted: Wanted) -> Result:
    """Drop a request and leave it to the next exec. Raises ClodputerError, OSError."""
    context, task = find(environ, name)
    request_id = submit(context, task.name, values=wanted.context, priority=wanted.priority, trigger="manual")
    return Result({"task": task.name, "request_id": request_id, "lane": task.lane}, request_id)


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
        context, task = find(environ, name)
        refuse_held(context, task, "Nothing was dropped.")
        place = screen.on(sys.stderr, environ) if live else None
        watcher = None
        if place is not None or follow:
            watcher = Live(context, task, stop, place, follow)
            stop.meanwhile = watcher.glance
        request_id = submit(
            context, task.name, values=wanted.context, priority=wanted.priority, trigger="manual"
        )
        say(f"{ink(task.name, 'bold')}: request {request_id} dropped; Ctrl-C cancels it")
        try:
            if watcher is not None:
                watcher.begin(request_id)
            settled = settle(context, task, request_id, stop, say)
        finally:
            if watcher is not None:
                watcher.finish()
    return _told(settled.record, runs.folder(context.home, task.name, settled.run_id))


def _told(record: Mapping[str, Any], folder: str) -> Result:
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


def _word(text: str) -> None:
    sys.stderr.write(shown(text + "\n", sys.stderr, os.environ))
    sys.stderr.flush()


def _no_word(text: str) -> None:
    del text
