"""`clodputer report`: one HTML file with what needs you, how runs went, what they cost, and how long they took and waited."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Optional

import click

from clodputer.cli.arguments.since import moment_since, since_option
from clodputer.cli.group import json_option
from clodputer.cli.page.talks import talks
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.store.files import atomic, halfwritten
from clodputer.views import report as view

FILE = "clodputer-report.html"
# So many bytes at its beginning tell a page from the files of others.
_BEGINNING = 15


@click.command()
@since_option
@click.option(
    "--out",
    metavar="FILE",
    help=f"The file to write; ./{FILE} by default. With --json nothing is written without this option.",
)
@click.option(
    "--with-conversations",
    "conversations",
    is_flag=True,
    help="Include the conversations of the latest runs.",
)
@json_option
@click.pass_obj
def command(as_json: bool, since: str, out: Optional[str], conversations: bool) -> Result:
    """Write a report of the runs as one HTML file.

    What needs you, success by task and day, failures by reason with what to do, cost by task, model and day, how long runs
    take, a calendar of runs, how long requests waited, and the latest runs. It holds no script, asks no
    network, and opens in every browser, on a phone as well.

    The file is private (mode 0600). Names of tasks and results are in it, and with --with-conversations what was said in the
    latest runs, secrets masked. With --json, data.report has the figures.

    `report: {file, every}` in config.yaml keeps such a file fresh.

    \b
    Examples:
      clodputer report
      clodputer report --since 7d --out week.html
      clodputer report --with-conversations
      clodputer report --json
    """
    path = out or ("" if as_json else FILE)
    return report(os.environ, since, time(), path, conversations=conversations)


def report(environ: Mapping[str, str], since: str, now: float, path: str, *, conversations: bool) -> Result:
    """Make the report, and write it to `path` unless that is empty.

    Raises ClodputerError ("no_home", "usage", "report_unwritable").
    """
    context = look(environ)
    found = view.gather(context, moment_since(since, now), now)
    data = {"report": found.to_json(), "file": os.path.abspath(path) if path else None, "bytes": None}
    if not path:
        return Result(data)
    # Imported when a page is made: with it comes jinja2.
    from clodputer.cli.page import render

    said, left = (
        talks(context, [one.run for one in (*found.failed, *found.latest)]) if conversations else ([], 0)
    )
    content = render.page(found, said, left).encode("utf-8", "replace")
    halfwritten.forget(os.path.abspath(path), content[:_BEGINNING])
    try:
        atomic.write(os.path.abspath(path), content, durable=False)
    except OSError as error:
        raise ClodputerError(
            "report_unwritable",
            f"{os.path.abspath(path)} cannot be written: {error.strerror or error}",
            "Name another file with --out.",
        ) from None
    runs = counted(found.folded.total.runs, "run")
    return Result(
        {**data, "bytes": len(content)},
        f"Written: {os.path.abspath(path)} ({runs}, {len(content) / 1024:,.0f} kB)\nOpen it in a browser.",
    )
