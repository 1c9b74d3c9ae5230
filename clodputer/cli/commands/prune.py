"""`clodputer prune`: what exec does once a day, done now: remove the oldest runs and archived logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.runner.processes.stop import Stop
from clodputer.runner.upkeep import prune
from clodputer.store.context import look


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@json_option
def command(dry_run: bool) -> Result:
    """Remove old runs and archived logs now, as exec does once a day.

    The settings keep_runs_... and keep_log_... say how much is kept (see: clodputer config). The newest run of each
    task stays, and so does whatever a request that waits, runs or lies in spool/dead still needs. On macOS the log files
    of the jobs in ~/Library/Logs/clodputer are cut to their end when they are larger than 10 MB.

    \b
    Examples:
      clodputer prune --dry-run
      clodputer prune
    """
    return pruned(os.environ, dry_run)


def pruned(environ: Mapping[str, str], dry_run: bool) -> Result:
    """Prune, or tell what would go. Raises ClodputerError, OSError."""
    context = look(environ)
    if dry_run:
        going = prune.plan(context, time())
    else:
        with Stop() as stop:
            going = prune.prune(context, time(), stop)
    figures = going.figures()
    text = (
        f"{'Would remove' if dry_run else 'Removed'} {counted(figures['runs'], 'run')} "
        f"({format_size(figures['runs_bytes'])}) and {counted(figures['logs'], 'archived log')} "
        f"({format_size(figures['logs_bytes'])})."
    )
    if going.scheduler_logs:
        text += f" {'Would shorten' if dry_run else 'Shortened'} launchd's logs by {format_size(going.scheduler_logs)}."
    return Result({"dry_run": dry_run, **going.to_json()}, text)
