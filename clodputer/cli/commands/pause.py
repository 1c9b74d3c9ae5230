"""`clodputer pause`: keep requests waiting, until a moment or until `resume`."""

from __future__ import annotations

import os
from time import time
from typing import Optional

import click

from clodputer.cli.arguments import held
from clodputer.cli.arguments.ahead import moment_ahead, span_ahead
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.consent import confirm_option
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.moment import iso
from clodputer.runner.requests import holding
from clodputer.store import holds
from clodputer.store.computer import zone
from clodputer.store.holds import Hold, Placed
from clodputer.views.queue.holding import Paused
from clodputer.views.tasks import tasks as taskview


@click.command()
@held.target_options
@click.option("--until", metavar="WHEN", help="Until a time of day, a date or a moment, such as 08:00.")
@click.option("--for", "span", metavar="DURATION", help="For this long, such as 2h.")
@click.option("--reason", metavar="TEXT", default="", help="The reason, shown wherever the hold is.")
@confirm_option
@json_option
def command(
    task: str,
    lane: Optional[str],
    account: Optional[str],
    until: Optional[str],
    span: Optional[str],
    reason: str,
    *,
    everything: bool,
    confirm: bool,
) -> Result:
    """Keep the requests of a task, a lane or everything waiting.

    Requests are taken in and wait; a run that is going on is not stopped (see: clodputer stop). Slot times that pass meanwhile
    are accounted for as overlap and catch_up say: mostly one request waits for all of them, with catch_up: skip none does.
    A second pause replaces the first one; an agent may not end a hold earlier by that without --confirm.

    \b
    Examples:
      clodputer pause nightly
      clodputer pause --lane reports --until 08:00
      clodputer pause --all --for 2h --reason "moving house"
    """
    target = held.target(task, lane, account, everything=everything)
    if target is None:
        raise _usage("say what should wait: a TASK, --lane, --account or --all")
    if until and span:
        raise _usage("--until and --for exclude each other")
    now = time()
    end = (
        moment_ahead("--until", until, now, os.environ)
        if until
        else now + span_ahead("--for", span)
        if span
        else None
    )
    context = look(os.environ)
    good, _ = taskview.check(context.home, context.environ)
    holding.known(context, target, good)
    message = context.masker.text(" ".join(reason.split())[:500])
    hold = Hold(holding.PAUSED, message, now, end)
    there = (one.hold for one in holds.in_effect(context.home, now) if one.target == target)
    if any(one.end > hold.end for one in there):
        persons.require(os.environ, "this", f"{target.words} is on hold for longer than that", confirm)
    holds.place(context.home, target, hold)
    context.log(
        now,
        "paused",
        scope=target.scope,
        name=target.name,
        message=message,
        until=None if end is None else iso(end),
    )
    placed = Placed(target, hold, holds.path(context.home, target))
    paused = Paused(placed, holding.concerned(context, target, good))
    lines = [
        f"{ink(target.words, 'bold')} is on hold {zone.until(end)}"
        + (f": {printable(message)}" if message else ""),
        f"Requests that wait: {paused.waiting}. Let them go with: clodputer resume {target.option}",
    ]
    if paused.running:
        named = ", ".join(one.run_id or one.id for one in paused.running[:5])
        lines.append(f"What runs goes on to its end: {named}. To stop a run: clodputer cancel RUN")
    return Result(paused.to_json(), "\n".join(lines))


def _usage(message: str) -> ClodputerError:
    return ClodputerError("usage", message, "Try: clodputer pause --help", ExitCode.USAGE)
