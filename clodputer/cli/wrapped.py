"""A status line of the person's own, run by `statusline` in its place: given the same, bounded, and ended with us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from select import select
from tempfile import TemporaryFile

# In seconds and bytes; what comes later or beyond is not shown.
PATIENCE = 5.0
LARGEST = 65536
# How soon we see that the command has ended although something that it left behind keeps its stdout open; in seconds.
GLANCE = 0.05
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def output(command: Sequence[str], given: bytes) -> bytes:
    """What the command prints when it finds `given` on its stdin; empty when it prints nothing. Raises OSError.

    One that takes too long is killed with all that it has started. What a command that has ended has left behind goes on:
    some fetch in the background what they show the next time.
    """
    # Who draws a status line again ends the one before, and the command must not go on then. A signal is only noted: one that
    # came while the command is being started would otherwise leave it to itself.
    asked: list[int] = []
    before = {number: signal.signal(number, lambda came, _frame: asked.append(came)) for number in ENDING}
    try:
        return _output(command, given, asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _output(command: Sequence[str], given: bytes, asked: Sequence[int]) -> bytes:
    with TemporaryFile() as stdin:
        stdin.write(given)
        stdin.seek(0)
        reading, writing = os.pipe()
        try:
            child = subprocess.Popen(
                list(command), stdin=stdin, stdout=writing, stderr=subprocess.DEVNULL, start_new_session=True
            )
            os.close(writing)
            writing = -1
            try:
                return _read(reading, child, asked)
            finally:
                if child.poll() is None:
                    with suppress(OSError):
                        os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        finally:
            os.close(reading)
            if writing >= 0:
                os.close(writing)


def _read(number: int, child: subprocess.Popen[bytes], asked: Sequence[int]) -> bytes:
    """What comes until it has ended, has said enough, or its time is over. Raises SystemExit when we are asked to end."""
    said, deadline, closed = b"", time.monotonic() + PATIENCE, False
    while len(said) < LARGEST and time.monotonic() < deadline:
        if asked:
            raise SystemExit(128 + asked[0])
        # Asked before the look: what had been written by then is read.
        ended = child.poll() is not None
        if closed:
            if ended:
                break
            time.sleep(GLANCE)
        elif select([number], [], [], 0.0 if ended else GLANCE)[0]:
            part = os.read(number, LARGEST - len(said))
            closed = not part
            said += part
        elif ended:
            break
    return said
