"""`clodputer route`: the routes from events to tasks, what would come of an event, and the events that led to nothing."""

from __future__ import annotations

import os
from json import dumps
from time import time
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.model.triggers.event import ENDING
from clodputer.runner.events import take
from clodputer.runner.events.again import again
from clodputer.store.spool import dropfile
from clodputer.views.incoming import routing

ROUTES = (
    Column("FROM"),
    Column("TYPE"),
    Column("TASK"),
    Column("24 H", right=True),
    Column("", gives_way=True),
)
KEPT = (Column("EVENT"), Column("FROM"), Column("TYPE"), Column("WHEN"), Column("WHY", gives_way=True))


@click.group(
    invoke_without_command=True, subcommand_metavar="[list | test EVENT.json | events | again EVENT...]"
)
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show which tasks run when an event comes, and try an event.

    The routes are in config.yaml. `test` says what would come of an event that is dropped as EVENT.json, and does
    nothing. `events` lists those that led to no request, which are kept for 30 days.

    \b
    Examples:
      clodputer route
      clodputer route test build-failed.event.json
      clodputer route events
      clodputer route again build-failed.event.json
    """
    return None if context.invoked_subcommand else _listed()


@command.command("list")
@json_option
def list_() -> Result:
    """List the routes, with the number of requests that each made in 24 hours."""
    return _listed()


def _listed() -> Result:
    found = routing.listed(look(os.environ), time())
    rows = [
        (
            printable(one.route.sender),
            printable(one.route.type),
            ink(one.route.to, "bold"),
            f"{one.today}/{one.route.max_per_day}",
            ink(one.problem, "red") if one.problem else "",
        )
        for one in found
    ]
    text = table(ROUTES, rows) or "There are no routes. Add some to config.yaml under routes:"
    return Result({"routes": [one.to_json() for one in found]}, text)


@command.command()
@click.argument("event", type=click.Path(), metavar="EVENT.json")
@json_option
def test(event: str) -> Result:
    """Say what would come of an event: which routes it takes, and the requests that they make."""
    context, name = look(os.environ), os.path.basename(event)
    try:
        dropped = dropfile.read(event, name if _is_event(name) else "trial.json")
    except dropfile.Unreadable as error:
        raise ClodputerError("unreadable", f"{event}: {error}", "Name a JSON file with an event.") from None
    except OSError as error:
        raise ClodputerError("unreadable", f"{event}: {error.strerror}", "Name a JSON file.") from None
    found = routing.trial(context, take.read(dropped, name), time())
    head = f"Event {ink(found.event.type, 'bold')} from {found.event.sender}"
    lines = [f"{head}:", *(line for fate in found.fates for line in _fate(fate))]
    if not found.fates:
        lines = [f"{head}: no route matches{found.near}. It would be kept."]
    if not _is_event(name):
        lines.append(f"Drop it as NAME{ENDING}: under this name it would be taken for a request.")
    return Result(context.masker.data(found.to_json()), context.masker.text("\n".join(lines)))


def _is_event(name: str) -> bool:
    return name.lower().endswith(ENDING)


@command.command()
@json_option
def events() -> Result:
    """List the events that are kept as they led to no request, the latest first."""
    context, now = look(os.environ), time()
    found = list(routing.kept(context.home))
    rows = [
        (
            printable(one.name),
            printable(one.sender),
            printable(one.type),
            when.ago(one.at, now),
            f"{one.reason}: {one_line(one.message, 200)}",
        )
        for one in found
    ]
    text = table(KEPT, rows) or "No events are kept: each led to a request, or none came."
    removed = routing.made_room(context.home, now)
    if removed:
        text += f"\nMore came than are kept{routing.made_room_words(removed)}."
    return Result({"events": [one.to_json() for one in found], "removed": removed}, context.masker.text(text))


@command.command("again")
@click.argument("names", nargs=-1, metavar="[EVENT]...")
@click.option("--all", "everything", is_flag=True, help="All that are kept.")
@json_option
def again_(names: tuple[str, ...], *, everything: bool) -> Result:
    """Drop kept events once more, for the routes that there are now."""
    context = look(os.environ)
    if bool(names) == everything:
        raise ClodputerError("usage", "name the events, or give --all", "", ExitCode.USAGE)
    wanted = names or tuple(one.name for one in reversed(list(routing.kept(context.home))))
    dropped = [again(context, name) for name in wanted]
    text = f"{counted(len(dropped), 'event')} dropped again. Take them in: clodputer exec"
    return Result({"dropped": dropped}, text if dropped else "No events are kept.")


def _fate(one: routing.Foreseen) -> list[str]:
    fate, to = one.fate, ink(one.fate.route.to, "bold")
    if fate.code:
        return [f"  {to}: no request ({fate.code}): {printable(fate.message)}"]
    # The rest of the request is bookkeeping, which --json shows.
    shown = dumps(fate.request["context"], indent=2, ensure_ascii=False).replace("\n", "\n    ")
    head = f"  {to}: a request with this context"
    if one.rejected is not None:
        head += f", which would be rejected ({one.rejected.code}): {one_line(one.rejected.message, 300)}"
    return [head, f"    {printable(shown)}"]
