"""A drain in a process and a session of its own, which goes on when whoever began it ends, by Ctrl-C or otherwise."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterable
from json import dumps, loads
from time import monotonic
from typing import Callable, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.drain import work
from clodputer.runner.processes.spawn import MOST_DESCRIPTORS
from clodputer.runner.processes.stop import REQUESTS, Stop
from clodputer.store.context import Context
from clodputer.store.files import atomic

# A pipe takes this many bytes without a reader on every system; the texts have this many characters, of six bytes at most.
LONGEST, LONGEST_TEXT = 16384, 1200

# What went wrong in words for people, as `run` itself would have said it.
Explain = Callable[[BaseException], ClodputerError]


class DetachedDrain:
    """One drain, from its begin to its end or to ours. No signal of the terminal reaches it, and none is passed on.

    explain: makes an error of it into words, in the drain's process, since that is where the traceback is.
    """

    def __init__(self, context: Context, explain: Explain) -> None:
        """Begin it. Raises OSError when no process can be made."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._answer, end = os.pipe()
        # A signal in the moment between the fork and the child's own handlers would be lost on the parent's.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
        self._pid = os.fork()
        if not self._pid:
            _drain(context, explain, end, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(end)
        self._ended = False

    def ended(self) -> bool:
        """Whether it has come to its end. Raises the ClodputerError that it ended with, once."""
        if self._ended:
            return True
        if not os.waitpid(self._pid, os.WNOHANG)[0]:
            return False
        self._ended = True
        error = self._error()
        if error is not None:
            raise error
        return True

    def leave(self, patience: float) -> None:
        """Wait for its end for at most so many seconds, then leave it to itself; may be repeated."""
        deadline = monotonic() + patience
        while not self._ended and monotonic() < deadline:
            # The pipe's other end is closed when it ends, and by nothing else.
            if select.select([self._answer], [], [], max(0.0, deadline - monotonic()))[0]:
                os.waitpid(self._pid, 0)
                self._ended = True
        if self._answer >= 0:
            os.close(self._answer)
        self._answer = -1

    def _error(self) -> Optional[ClodputerError]:
        """What it failed with; None when it ended well, or was killed: the next drain recovers what it left."""
        # Never waited for: were it killed, the processes of its lanes would hold the pipe open for a while.
        os.set_blocking(self._answer, False)
        try:
            data = os.read(self._answer, LONGEST)
        except BlockingIOError:
            data = b""
        if not data:
            return None
        code, message, hint, exit_code = loads(data)
        return ClodputerError(code, message, hint, ExitCode(exit_code))


def _drain(context: Context, explain: Explain, end: int, mask: Iterable[int]) -> None:
    """Drain, in the child, and end; never returns into the parent's code."""
    status = 1
    try:
        os.setsid()
        _let_go(end)
        with Stop() as stop:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            work(context, stop)
        status = 0
    except BaseException as error:  # noqa: BLE001  (see above)
        known = explain(error)
        answer = [
            known.code,
            known.message[:LONGEST_TEXT],
            known.hint[:LONGEST_TEXT],
            int(known.exit_code),
        ]
        atomic.write_all(end, dumps(answer).encode())
    finally:
        os._exit(status)


def _let_go(end: int) -> None:
    """Close what we were started with, such as the terminal, a pipe that somebody reads to its end, or a lock of a caller's.

    Those are the inheritable descriptors: what Python itself opens is not, and may belong to objects that still live.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    try:
        numbers = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        numbers = list(range(MOST_DESCRIPTORS))
    for number in numbers:
        try:
            if number > 2 and number != end and os.get_inheritable(number):
                os.close(number)
        except OSError:
            continue  # the one that listed them
