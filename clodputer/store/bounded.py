"""A program run to its end, within a time and with bounded output, in a process group that ends with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

# How a program is said to have ended that took too long; what `timeout` of coreutils exits with.
TOO_LATE = 124
# So much of what a program says of its failure is told, in characters and in lines.
_LONGEST, _LINES = 400, 2


class Ended(NamedTuple):
    """status: of its exit, negative for a signal, TOO_LATE when it was killed by us. out, err: as much as was to be kept."""

    status: int
    out: bytes
    err: bytes


def run(
    argv: Sequence[str],
    folder: str,
    env: Mapping[str, str],
    seconds: float,
    largest: int,
    stdin: Any = None,
    kept: Sequence[int] = (),
) -> Ended:
    """Run it for at most so many seconds, and keep `largest` bytes of each stream.

    stdin: an open file; None for nothing. kept: descriptors that it has as well. Whatever ends us here ends all that it has
    started in its process group. Raises OSError when it cannot be started.
    """
    # As subprocess, for runs that need it alone.
    from subprocess import DEVNULL, Popen, TimeoutExpired
    from tempfile import TemporaryFile

    with TemporaryFile() as out, TemporaryFile() as err:
        process = Popen(
            list(argv),
            cwd=folder,
            env=dict(env),
            stdin=DEVNULL if stdin is None else stdin,
            stdout=out,
            stderr=err,
            start_new_session=True,
            pass_fds=[descriptor for descriptor in kept if descriptor >= 0],
        )
        try:
            status = process.wait(seconds)
        except TimeoutExpired:
            status = TOO_LATE
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        out.seek(0)
        err.seek(0)
        return Ended(status, out.read(largest), err.read(largest))


def last_words(out: str, err: str, beginnings: tuple[str, ...] = ()) -> str:
    """What a program that failed has said, in one line; empty when it said nothing.

    beginnings: of the lines that say most, where there are any.
    """
    lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(beginnings)] if beginnings else []
    return " ".join((told or lines)[-_LINES:])[:_LONGEST]
