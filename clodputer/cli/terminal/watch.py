"""A run of another process, watched until it ends: its conversation as it happens, then what its record says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from clodputer.cli.terminal.follow import lines_until
from clodputer.cli.text.runs.conversation import Before, heard, laid_out, repeats
from clodputer.runner.place import withsecrets
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.views.runs.run import how_far
from clodputer.views.runs.stream import describer, stdout_of

# How often to ask whether the run still goes on, in seconds.
ASK = 1.0


def watch(context: Context, task: str, run_id: str) -> bool:
    """Print what is said in a run until it ends; whether it has ended with a record.

    False: its exec died, and nobody will write more. Raises KeyboardInterrupt at Ctrl-C, which ends the looking and nothing
    else, and OSError.
    """
    folder = runs.folder(context.home, task, run_id)
    before, describe, hide = Before(), None, None
    for line in _lines(context, task, run_id):
        hide = hide or withsecrets.hiding(context, folder)
        text = hide(line.decode("utf-8", "replace"))
        # What the agent is stands in process.json, which is written before it is started.
        describe = describe or describer(folder)
        for said in describe(text.encode()).said:
            if not repeats(said, before):
                sys.stdout.write(laid_out(said, sys.stdout) + "\n")
            before = heard(before, said)
        sys.stdout.flush()
    return runs.record(context.home, task, run_id) is not None


def _lines(context: Context, task: str, run_id: str) -> Iterator[bytes]:
    """The lines of its stdout as they come, until it has a record or no process works on it any more."""
    ask_again = 0.0

    def over() -> bool:
        nonlocal ask_again
        if runs.record(context.home, task, run_id) is not None:
            return True
        if time.monotonic() < ask_again:
            return False
        ask_again = time.monotonic() + ASK
        return how_far(context.home, task, run_id).orphaned

    folder = runs.folder(context.home, task, run_id)
    return lines_until(over, lambda: stdout_of(folder))
