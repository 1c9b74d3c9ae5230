"""The process beside the runs that makes the polls that are due: no run waits for a plugin."""

from __future__ import annotations

from time import time

from clodputer.runner.upkeep.beside import Beside
from clodputer.store.context import Context
from clodputer.store.due import polls
from clodputer.store.home import Home

STEP = "plugins"


def _due(home: Home) -> bool:
    return bool(polls.due(home, time()))


def _work(context: Context) -> None:
    # Imported when there is something to do: most homes have no plugins.
    from clodputer.runner.plugins.poll import poll

    poll(context)


ROUND = Beside(STEP, _due, _work, "plugins")
