"""`clodputer inbox`: what waits for a person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from time import time

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.store.computer import zone
from clodputer.views.queue.inbox import Inbox, gather


@click.command()
@json_option
def command() -> Result:
    """Show what needs you: approvals, doubtful runs, failed requests.

    First the requests of tasks that ask before they run (approve: before), each with the commands that decide, and what
    runs would publish (publish.staged); then runs that may not have done their work, and what was parked or given up.

    \b
    Examples:
      clodputer inbox
      clodputer inbox --json
    """
    context = look(os.environ)
    found = gather(context, time())
    text = "\n".join(_lines(found)) or "Nothing waits for you."
    return Result(context.masker.data(found.to_json()), context.masker.text(text))


def _lines(found: Inbox) -> Iterator[str]:
    if found.asking:
        yield ink("Waits for your approval", "bold")
    for one in found.asking:
        until = "" if one.expires_at is None else f", until {zone.wall(one.expires_at)}"
        about = f" about {one_line(one.item, 200)}" if one.item else ""
        head = f"{ink(printable(one.task) or 'a request', 'bold')}{about}"
        yield hung(f"  {head}, since {zone.wall(one.since)}{until}. {one.approve} | {one.deny}", 4)
        if one.plan:
            yield hung(f"    {one_line(one.plan, 500)} (whole: clodputer show {one.plan_run})", 4)
        for closed in one.replaces:
            yield hung(f"    Its plan takes the place of request {closed}: clodputer show {closed}", 4)
    if found.publications:
        yield ink("Would be published, if you approve it", "bold")
    for wish in found.publications:
        about = f" about {one_line(wish.parcel.item, 200)}" if wish.parcel.item else ""
        where = f" to {one_line(wish.parcel.repository, 200)}" if wish.parcel.repository else ""
        head = f"{ink(printable(wish.parcel.task), 'bold')}{about}{where}: {one_line(wish.what, 500)}"
        yield hung(f"  {head}. See: clodputer show {wish.parcel.run_id}", 4)
        yield hung(f"    {wish.approve} | {wish.deny}", 4)
    if found.suspect:
        yield ink("May not have done its work", "bold")
    for run in found.suspect:
        yield hung(f"  {ink(printable(run.task), 'bold')}: clodputer show {run.run_id}", 4)
    for place, words, command in (
        (found.parked, "Parked, as no run could finish it", "clodputer unpark"),
        (found.dead, "Given up", "clodputer retry"),
    ):
        if place.total:
            yield ink(f"{words}: {place.total}", "bold")
        for file in place.files:
            yield hung(f"  {file.request_id}: {one_line(file.reason, 300)} {command} {file.request_id}", 4)
