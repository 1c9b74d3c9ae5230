"""A program run to its end, within a time and with bounded output, in a process group that ends with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from clodputer.store.processes import heed, tied

if TYPE_CHECKING:
    from subprocess import Popen

# How a program is said to have ended that took too long; what `timeout` of coreutils exits with.
TOO_LATE = 124
# Between SIGTERM and SIGKILL, in seconds: a git takes its lock files away meanwhile, which would be in everybody's way.
GRACE = 3.0
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

    stdin: an open file; None for nothing. kept: descriptors that it has as well. What ends us here, be it SIGKILL, ends it,
    and its process group too where we live long enough. Raises OSError when it cannot be started, and what `heed.check` does.
    """
    # As subprocess, for runs that need it alone.
    from subprocess import DEVNULL, Popen
    from tempfile import TemporaryFile

    heed.check()
    with TemporaryFile() as out, TemporaryFile() as err:
        process = Popen(
            list(argv),
            cwd=folder,
            env={**env, **heed.marks()},
            stdin=DEVNULL if stdin is None else stdin,
            stdout=out,
            stderr=err,
            start_new_session=True,
            pass_fds=[descriptor for descriptor in kept if descriptor >= 0],
            preexec_fn=tied.before_exec(),  # noqa: PLW1509  (there is one thread, and the child only calls prctl)
        )
        try:
            status = _followed(process, seconds)
        finally:
            if process.returncode is None:
                _end(process)
        out.seek(0)
        err.seek(0)
        return Ended(status, out.read(largest), err.read(largest))


def _followed(process: Popen[bytes], seconds: float) -> int:
    """Its exit status, or TOO_LATE. Raises what `heed.check` does."""
    from subprocess import TimeoutExpired

    until = monotonic() + seconds
    while True:
        left = until - monotonic()
        try:
            return process.wait(max(0.0, heed.glance(left)))
        except TimeoutExpired:
            if monotonic() >= until:
                return TOO_LATE
            heed.check()


def _end(process: Popen[bytes]) -> None:
    """Ask the whole group to leave, and kill what does not."""
    from subprocess import TimeoutExpired

    _signal(process, signal.SIGTERM)
    with suppress(TimeoutExpired):
        process.wait(GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def last_words(out: str, err: str, beginnings: tuple[str, ...] = ()) -> str:
    """What a program that failed has said, in one line; empty when it said nothing.

    beginnings: of the lines that say most, where there are any.
    """
    lines = [line.strip() for line in (err or out).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(beginnings)] if beginnings else []
    return " ".join((told or lines)[-_LINES:])[:_LONGEST]
