"""The process beside the runs that carries out the orders to run tools."""

from __future__ import annotations

from clodputer.runner.upkeep.beside import Beside
from clodputer.store.context import Context
from clodputer.store.due import orders
from clodputer.store.home import Home

STEP = "tools"


def _due(home: Home) -> bool:
    return bool(orders.waiting(home))


def _work(context: Context) -> None:
    # Imported when there is something to do: it loads the kinds of triggers with their calendars, which no run needs.
    from clodputer.runner.tools.carry import carry_out

    carry_out(context)


ROUND = Beside(STEP, _due, _work, "tools")
