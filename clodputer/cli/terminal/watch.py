"""A run of another process, watched until it ends: its conversation as it happens, then what its record says."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Optional

from clodputer.cli.terminal.follow import Stream
from clodputer.cli.text import conversation
from clodputer.cli.text.conversation import Before, heard, laid_out, repeats
from clodputer.store import runs
from clodputer.store.context import Context
from clodputer.views.run import how_far

# Often enough to look live; and how often to ask whether the run still goes on, in seconds.
GLANCE, ASK = 0.05, 1.0


def watch(context: Context, task: str, run_id: str) -> bool:
    """Print what is said in a run until it ends; whether it has ended with a record.

    False: its exec died, and nobody will write more. Raises KeyboardInterrupt at Ctrl-C, which ends the looking and nothing
    else, and OSError.
    """
    folder = runs.folder(context.home, task, run_id)
    before, describe = Before(), None
    for line in _lines(context, task, run_id):
        text = context.masker.text(line.decode("utf-8", "replace"))
        # What the agent is stands in process.json, which is written before it is started.
        describe = describe or conversation.describer(folder)
        for said in describe(text.encode()).said:
            if not repeats(said, before):
                sys.stdout.write(laid_out(said, sys.stdout) + "\n")
            before = heard(before, said)
        sys.stdout.flush()
    return runs.record(context.home, task, run_id) is not None


def _lines(context: Context, task: str, run_id: str) -> Iterator[bytes]:
    """The lines of its stdout as they come, until it has a record or nobody is at it any more."""
    folder = runs.folder(context.home, task, run_id)
    stream: Optional[Stream] = None
    ask_again = 0.0
    try:
        while True:
            # Asked before the read: what was written before the end is then surely read.
            over = runs.record(context.home, task, run_id) is not None
            if not over and time.monotonic() >= ask_again:
                over = how_far(context.home, task, run_id).orphaned
                ask_again = time.monotonic() + ASK
            if stream is None:
                try:
                    stream = Stream(f"{folder}/stdout")
                except FileNotFoundError:
                    pass  # it is not yet started
            if stream is not None:
                yield from stream.rest() if over else stream.lines()
            if over:
                return
            time.sleep(GLANCE)
    finally:
        if stream is not None:
            stream.close()
