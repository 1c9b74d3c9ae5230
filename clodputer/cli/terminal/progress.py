"""How far a command of many steps has come: one line in a terminal that is written again, nothing anywhere else."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Optional

from clodputer.cli.terminal.ink import is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.schedulers.unit import Change

# Fewer are over before anybody has read the line.
FEW = 5


class Progress:
    """The line, from the first step to the end: `with Progress(as_json, "installing") as progress: ...`."""

    def __init__(self, silent: bool, doing: str) -> None:
        self._shows = not silent and is_terminal(sys.stderr)
        self._doing = doing
        self._steps = 0

    def step_done(self, change: Change, number: int) -> None:
        """One of `number` steps is done."""
        self._steps += 1
        if self._shows and number > FEW:
            sys.stderr.write(
                f"\r\x1b[K{self._doing} {self._steps} of {number}: {printable(change.name)[:40]}"
            )
            sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._shows and self._steps:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
