"""`clodputer plugins`: the plugins, how their last calls went, and when they are polled again."""

from __future__ import annotations

import os
from time import time

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.gates.breaker import CLOSED
from clodputer.model.text.moment import format_duration
from clodputer.store.computer import zone
from clodputer.views.incoming import plugins
from clodputer.views.incoming.plugins import Listed

COLUMNS = (
    Column("PLUGIN"),
    Column("EVERY", right=True),
    Column("LAST CALL"),
    Column("NEXT"),
    Column("BREAKER"),
    Column("", gives_way=True),
)


@click.command()
@json_option
def command() -> Result:
    """List the plugins: their last calls, and when they are polled.

    A plugin is a folder in plugins/ of the home, with a manifest.yaml. Make one with `clodputer plugin new NAME`.

    \b
    Examples:
      clodputer plugins
      clodputer plugins --json
    """
    context, now = look(os.environ), time()
    found = plugins.listed(context, now)
    text = table(COLUMNS, [_row(one, now) for one in found])
    if not text:
        text = "There are no plugins. Make one with: clodputer plugin new NAME"
    return Result(
        {"plugins": [context.masker.data(one.to_json()) for one in found]}, context.masker.text(text)
    )


def _row(one: Listed, now: float) -> tuple[str, ...]:
    schedule = one.manifest.schedule if one.manifest else None
    last, wrong = one.last, ""
    if one.problem is not None:
        wrong = one_line(one.problem.message, 200)
    elif last is not None and last.reason:
        wrong = one_line(last.message, 200)
    ended = "never" if last is None else f"{'failed' if last.reason else 'well'} {when.ago(last.at, now)}"
    due = "" if one.next is None else zone.wall(one.next)
    return (
        ink(printable(one.name), "bold"),
        format_duration(schedule.every) if schedule else "by hand",
        ended if one.enabled else f"{ended}, disabled",
        due,
        "" if one.breaker.state == CLOSED else one.breaker.state.replace("_", " "),
        ink(printable(wrong), "red") if wrong else "",
    )
