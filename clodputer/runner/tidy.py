"""Tidy: at the end of a drain, archive a log that has grown large, and prune once a day."""

from __future__ import annotations

from clodputer.store import chores
from clodputer.store.context import Surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.runner.processes.stop import Stop


def tidy(around: Surroundings, now: float, stop: Stop) -> None:
    """Do what is due of it; mostly two looks at the disk. A failure is logged and tried again: the work itself was done."""
    try:
        if chores.archive_due(around.home, around.settings.log_size):
            from clodputer.store.log import archive

            archive.archive(around.home, now, around.settings.log_size)
        if not stop.requested and chores.prune_due(around.home, now):
            # Imported late: once a day.
            from clodputer.runner.prune import prune

            prune(around, now, stop)
            if not stop.requested:
                chores.pruned(around.home, now)
    except OSError as error:
        around.log(now, "tidy_failed", message=str(error))
