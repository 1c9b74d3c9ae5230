"""Tidy: at the end of a drain, archive a log that has grown large, and prune once a day."""

from __future__ import annotations

from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.log import archive
from clodputer.store.upkeep import chores


def tidy(context: Context, now: float, stop: Stop) -> None:
    """Do what is due of it; mostly two looks at the disk. A failure is logged and tried again: the work itself was done."""
    try:
        if chores.archive_due(context.home, context.settings.log_size):
            archive.archive(context.home, now, context.settings.log_size)
        if not stop.requested and chores.prune_due(context.home, now):
            # Imported once a day: it walks through all that is kept, and most runs have nothing to do with that.
            from clodputer.runner.upkeep.daily import sweep

            sweep(context, now, stop)
    except OSError as error:
        context.log(now, "tidy_failed", message=str(error))
