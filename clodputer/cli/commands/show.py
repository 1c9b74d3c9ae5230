"""`clodputer show`: one run, from its record, its prompt, its conversation and its files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Any, Union

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import shown
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.watch import watch
from clodputer.cli.text import set_aside
from clodputer.cli.text.runs import conversation, show_parts, show_publication, trace_tree
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.place import withsecrets
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool.find import (
    RUN,
    UNENDED,
    Found,
    ambiguous,
    fitting,
    handle,
    meant,
)
from clodputer.tasks import taskfile
from clodputer.views.queue import setaside
from clodputer.views.runs import debugging
from clodputer.views.runs.run import read
from clodputer.views.runs.stream import describer
from clodputer.views.runs.trace import trace

# What of a stream goes into the one object of --json; the file has all of it.
MOST_SAID, MOST_STDERR = 500, 64 * 1024


@click.command()
@click.argument("run", metavar="RUN|TASK", shell_complete=complete.runs)
@click.option("--conversation", "talk", is_flag=True, help="Print only the conversation, all of it.")
@click.option(
    "--stderr", "complaints", is_flag=True, help="Print only what the run wrote to stderr, all of it."
)
@click.option(
    "--follow", "-f", is_flag=True, help="Print the conversation until the run ends, then its result."
)
@click.option("--files", "listing", is_flag=True, help="Print only the paths and sizes of the run's files.")
@click.option(
    "--debug-prompt",
    "debug",
    is_flag=True,
    help="Print only a prompt that has Claude find out why it failed.",
)
@click.option("--trace", "tree", is_flag=True, help="Show all runs that follow from one another, as a tree.")
@json_option
@click.pass_obj
def command(
    as_json: bool,
    run: str,
    talk: bool,
    complaints: bool,
    listing: bool,
    tree: bool,
    *,
    debug: bool,
    follow: bool,
) -> Union[Result, Printed]:
    """Show a run: its outcome, its conversation and its files.

    RUN is a run id, or the beginning or the end of one that fits no other run. The name of a TASK stands for its
    latest run. A run that is going on is shown as far as it is; with --follow, its conversation is printed as it happens,
    whichever process runs it, and Ctrl-C ends only the display.

    \b
    Examples:
      clodputer show nightly
      clodputer show nightly --follow
      clodputer show 3f9a2c1b --conversation
      clodputer show rejected/report.json
      clodputer show nightly --trace
      clodputer show nightly --debug-prompt | claude -p --allowedTools 'Bash(clodputer show:*)'
      clodputer show nightly --json
    """
    if tree:
        return show_trace(os.environ, run, time(), alone=not (talk or complaints or listing or follow))
    if follow:
        return _follow(os.environ, run, as_json=as_json, others=talk or complaints or listing or debug)
    result = show(os.environ, run, talk=as_json and talk, complaints=as_json and complaints)
    if debug and not as_json:
        return _debug_prompt(result)
    if as_json or "folder" not in result.data or not (talk or complaints or listing):
        return result
    return _print(look(os.environ), result.data, talk, complaints, listing)


def _follow(environ: Mapping[str, str], wanted: str, *, as_json: bool, others: bool) -> Printed:
    """The conversation of a run until it ends, then its result. Raises ClodputerError."""
    if as_json or others:
        raise ClodputerError(
            "usage",
            "--follow prints a conversation as it happens, and goes with no other option",
            "For what there is of a run now: clodputer show RUN --json",
            ExitCode.USAGE,
        )
    context = look(environ)
    one = find(context.home, wanted)
    if one.state != RUN:
        raise ClodputerError(
            "not_begun",
            f"{handle(one)} is not a run",
            f"See it with: clodputer show {handle(one)}",
        )
    try:
        ended = watch(context, one.task, one.run_id)
    except KeyboardInterrupt:
        return Printed(ExitCode.INTERRUPTED)
    run = read(context, one.task, one.run_id)
    said = any(name == "stdout" and size for name, size in run.files)
    text = f"{chr(10) if said else ''}{show_parts.head(run, time())}\n"
    sys.stdout.write(shown(text, sys.stdout, environ))
    sys.stdout.flush()
    return Printed(ExitCode.DONE if ended else ExitCode.EXPECTED)


def show_trace(environ: Mapping[str, str], wanted: str, now: float, *, alone: bool) -> Result:
    """The tree that a run belongs to. Raises ClodputerError."""
    if not alone:
        raise ClodputerError("usage", "--trace goes with no other option but --json", "", ExitCode.USAGE)
    context = look(environ)
    one = find(context.home, wanted)
    if one.state != RUN:
        raise ClodputerError(
            "not_begun", f"{handle(one)} is not a run", f"See it with: clodputer show {handle(one)}"
        )
    found = trace(context, one.task, one.run_id)
    return Result(found.to_json(), context.masker.text(trace_tree.drawn(found, now)))


def show(environ: Mapping[str, str], wanted: str, *, talk: bool = False, complaints: bool = False) -> Result:
    """Look up a run, or a request that was set aside, and lay it out.

    Raises ClodputerError when nothing, or more than one thing, fits.
    """
    context = look(environ)
    home = context.home
    one = find(home, wanted)
    if one.state != RUN:
        return _set_aside(context, one)
    run = read(context, one.task, one.run_id)
    data = {**run.to_json(), "debug_prompt": debugging.of_run(run)}
    if talk:
        data["conversation"], data["conversation_cut"] = _conversation(context, run.folder)
    if complaints:
        data["stderr"] = _stderr(context, run.folder)
    latest = wanted == run.task
    sections = [
        show_parts.head(run, time()),
        set_aside.beside(run.set_aside, time()) if run.set_aside else "",
        show_publication.text(run),
        show_parts.not_run_text(home, run.task) if latest else "",
        show_parts.prompt_text(run),
        show_parts.conversation_text(context, run),
        show_parts.files_text(run),
        show_parts.debug_text(run) if data["debug_prompt"] else "",
        show_parts.earlier_text(home, run.task) if latest else "",
    ]
    return Result(data, "\n\n".join(filter(None, sections)))


def find(home: Home, wanted: str) -> Found:
    """The run that is wanted, or a request that was set aside and never ran.

    Raises ClodputerError ("run_unknown", "ambiguous", "no_runs", "not_begun").
    """
    tasks = runs.tasks(home)
    one = meant(home, wanted)
    if one is not None and one.state == RUN and wanted != one.task:
        # Several attempts of one request are several runs, though they have one id.
        several = fitting(home, wanted, (RUN,))
        if len(several) > 1:
            raise ambiguous(wanted, several)
    if one is not None and one.state in UNENDED:
        raise ClodputerError(
            "not_begun",
            f"request {handle(one)} has not begun to run: it is {one.state}",
            f"See it with: clodputer queue. All that it says: {one.path}",
        )
    if one is not None:
        return one
    known = taskfile.names(home)
    if wanted in known or wanted in tasks:
        raise ClodputerError(
            "no_runs",
            f"task {wanted} has not run yet",
            f"Run it with: clodputer run {wanted}, or ask what it waits for: clodputer why {wanted}",
        )
    near = did_you_mean(wanted, {*known, *tasks})
    raise ClodputerError("run_unknown", f"no run and no task fits {wanted[:80]!r}{near}", _hint(home))


def _set_aside(context: Context, one: Found) -> Result:
    found = setaside.describe(context, one.state, one.name)
    content = set_aside.content(context, found)
    asked = debugging.of_set_aside(found)
    data = context.masker.data({**found.to_json(), "content": content, "debug_prompt": asked})
    return Result(data, context.masker.text(set_aside.page(found, content, time())))


def _debug_prompt(result: Result) -> Result:
    """The prompt alone. Raises ClodputerError when there is none."""
    text = result.data["debug_prompt"]
    if text is None:
        message = "there is no prompt to find out why it failed: it has not failed"
        raise ClodputerError("not_failed", message, "What is known of it: clodputer show RUN")
    return result._replace(text=text)


def _hint(home: Home) -> str:
    everything = [(run_id, task) for task in runs.tasks(home) for run_id in runs.ids(home, task)]
    if not everything:
        return "Nothing has run in this home yet."
    latest = ", ".join(f"{run_id} ({task})" for run_id, task in sorted(everything, reverse=True)[:3])
    return f"The latest runs are {latest}."


def _print(context: Context, data: Mapping[str, Any], talk: bool, complaints: bool, listing: bool) -> Printed:
    """Print whole files piece by piece: a stream may be larger than memory. Raises OSError."""
    folder = data["folder"]
    hide = withsecrets.hiding(context, folder)
    if talk:
        describe = describer(folder)
        try:
            with open(f"{folder}/stdout", "rb") as file:
                for said in conversation.said(file, describe, hide):
                    sys.stdout.write(conversation.laid_out(said, sys.stdout) + "\n")
        except FileNotFoundError:
            pass
    if complaints:
        try:
            with open(f"{folder}/stderr", "rb") as file:
                for line in conversation.lines(file):
                    text = hide(line.decode("utf-8", "replace"))
                    sys.stdout.write(printable(text.rstrip("\n")) + "\n")
        except FileNotFoundError:
            pass
    if listing:
        for entry in data["files"]:
            sys.stdout.write(f"{entry['bytes']:>12,}  {printable(folder)}/{printable(entry['name'])}\n")
    sys.stdout.flush()
    return Printed(0)


def _conversation(context: Context, folder: str) -> tuple[list[dict[str, str]], bool]:
    """The last things said, and whether there is more."""
    try:
        said, cut = conversation.last_said(folder, MOST_SAID, withsecrets.hiding(context, folder))
    except FileNotFoundError:
        return [], False
    return [found._asdict() for found in said], cut


def _stderr(context: Context, folder: str) -> str:
    """The end of stderr, from the beginning of a line."""
    try:
        with open(f"{folder}/stderr", "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST_STDERR))
            text = file.read()
    except FileNotFoundError:
        return ""
    text = text.partition(b"\n")[2] or text if size > MOST_STDERR else text
    return withsecrets.hiding(context, folder)(text.decode("utf-8", "replace"))
