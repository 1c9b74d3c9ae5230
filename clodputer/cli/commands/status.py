"""`clodputer status`: one screen with all that a person wants to know in the morning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Optional, Union

import click

from clodputer.cli.arguments.since import moment_since
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.redrawn import redrawn
from clodputer.cli.text import digest_page
from clodputer.cli.text import homes as homes_page
from clodputer.cli.text.setup.schedulers import asked
from clodputer.cli.text.status_page import page
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.views.overview.digest import digest
from clodputer.views.overview.homes import together
from clodputer.views.overview.needs import status_json
from clodputer.views.overview.status import gather

SHOWN = 5
# Between two looks of --watch, in seconds.
EVERY = 2.0


@click.command()
@click.option(
    "--count",
    "-n",
    metavar="N",
    type=click.IntRange(0, 1000),
    default=SHOWN,
    help=f"How many of the last runs (of each task, with --since) and of the next slot times; {SHOWN} by default.",
)
@click.option(
    "--since",
    metavar="WHEN",
    help="Show instead the digest from then on: yesterday, 2h, or a date such as 2026-11-01.",
)
@click.option(
    "--schedulers",
    is_flag=True,
    help="Show instead which alarms of this home each scheduler has, and when they go off.",
)
@click.option(
    "--watch",
    is_flag=True,
    help=f"Show it again every {EVERY:g} seconds, until Ctrl-C. With keys: clodputer dashboard.",
)
@click.option(
    "--from",
    "from_",
    is_flag=True,
    help="Show instead one line for each HOME, also of other machines, by their files alone.",
)
@click.argument("homes", nargs=-1, metavar="[HOME]...")
@json_option
@click.pass_obj
def command(
    as_json: bool,
    count: int,
    since: Optional[str],
    schedulers: bool,
    *,
    watch: bool,
    from_: bool,
    homes: tuple[str, ...],
) -> Union[Result, Printed]:
    """Show in one screen what runs, waits, failed and comes next.

    What is being run and whether its exec is still there; what waits in each lane; holds; files that were rejected or given
    up; the last runs; what was spent; slot times that were missed since yesterday; the next ones; task files with mistakes.
    It changes nothing.

    With --since it is the digest for the morning: the failures first, each with one line of its error, then every other run
    with one line of its result, the cost of each task, and what waits for you.

    With --schedulers: launchd, systemd or cron, which of them is set up, each alarm with its next time, and where that
    differs from what the tasks need.

    With --from HOME...: several homes at a glance, such as those of other machines in a shared or synchronised folder. Only
    files are read, nothing is written there, and a home that cannot be read does not hide the others.

    \b
    Examples:
      clodputer status
      clodputer status --count 20
      clodputer status --since yesterday
      clodputer status --schedulers
      clodputer status --watch
      clodputer status --from ~/.clodputer /mnt/homes/*
      clodputer status --json
    """
    if from_ or homes:
        several = from_ and bool(homes) and not (watch or schedulers or since)
        return _together(homes, count, time(), as_json=as_json, usable=several)
    if watch:
        return _watch(os.environ, count, alone=not (as_json or since or schedulers))
    if schedulers and since:
        raise ClodputerError(
            "usage", "--since does not go with --schedulers", "Leave one of them out.", ExitCode.USAGE
        )
    if schedulers:
        return asked(os.environ, time())
    if since:
        return morning(os.environ, time(), since, count, as_json=as_json)
    return status(os.environ, time(), count, as_json=as_json)


def _together(homes: tuple[str, ...], count: int, now: float, *, as_json: bool, usable: bool) -> Result:
    """Several homes. Raises ClodputerError."""
    if not usable:
        text = "--from needs at least one HOME, HOME needs --from, and with them goes no other option but --count"
        raise ClodputerError("usage", text, "Such as: clodputer status --from ~/.clodputer", ExitCode.USAGE)
    found = together(homes, now, count)
    errors = tuple(
        ClodputerError(home["error"]["code"], home["error"]["message"])
        for home in found["homes"]
        if home["error"] is not None
    )
    shown = "" if as_json else homes_page.page(found, now)
    return Result(found, shown, ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _watch(environ: Mapping[str, str], count: int, *, alone: bool) -> Printed:
    """The screen again and again. Raises ClodputerError."""
    if not alone:
        raise ClodputerError(
            "usage", "--watch goes with no other option but --count", "Leave the others out.", ExitCode.USAGE
        )
    try:
        redrawn(lambda: status(environ, time(), count).text, EVERY, environ)
    except KeyboardInterrupt:
        return Printed(ExitCode.DONE)


def status(environ: Mapping[str, str], now: float, count: int = SHOWN, *, as_json: bool = False) -> Result:
    """The state of the home. Raises ClodputerError when there is none."""
    context = look(environ)
    found = gather(context, now, count)
    text = "" if as_json else context.masker.text(page(found))
    return Result(context.masker.data(status_json(found)), text)


def morning(
    environ: Mapping[str, str], now: float, since: str, count: int = SHOWN, *, as_json: bool = False
) -> Result:
    """The digest since then. Raises ClodputerError ("no_home", "usage")."""
    context = look(environ)
    found = digest(context, moment_since(since, now), now)
    text = "" if as_json else context.masker.text(digest_page.page(found, count))
    return Result(context.masker.data(found.to_json()), text)
