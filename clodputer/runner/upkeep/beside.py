"""Work that is done by a process beside the runs: no run waits for it, and one such process at a time does it for a home."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from clodputer.runner import fault
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.processes.beside import Child


class Beside:
    """One kind of such work. Its process bounds its own time, and ends when it gets SIGTERM.

    step: its name in reports of faults. due: whether there is something to do. work: what the process does. place: the folder
    in the ledger that holds the lock.
    """

    def __init__(
        self, step: str, due: Callable[[Home], bool], work: Callable[[Context], None], place: str
    ) -> None:
        self._step, self._due, self._work, self._place = step, due, work, place
        self._child = Child()

    def start(self, context: Context) -> bool:
        """Have the work begin beside us if there is some; whether it goes on. What goes wrong is logged."""
        if self.running():
            return True
        if not self._due(context.home):
            return False
        alone = context._replace(seen=None)
        folder = f"{context.home.ledger}/{self._place}"
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            # False for another exec's, which takes in what it brings.
            return self._child.start(partial(self._work, alone), f"{folder}/round.lock")
        except OSError as error:
            fault.report(context, error, self._step)
            return False

    def running(self) -> bool:
        """Whether the process that this one has started is still there."""
        return self._child.running()

    def end(self) -> None:
        """Ask it to end, as we are to end ourselves."""
        self._child.end()

    def kill(self) -> None:
        """End it, when it was asked to and has not ended in time."""
        self._child.kill()
