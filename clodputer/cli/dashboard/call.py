"""A command that a key stands for, called as if it had been typed, in a process of its own that is forked from this one."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from time import monotonic, sleep

from clodputer.cli.failure import explain
from clodputer.cli.main import main
from clodputer.cli.steps.looking import look
from clodputer.runner.detached import DetachedDrain
from clodputer.runner.processes.stop import REQUESTS

# Of what it prints so much is read at a time, in bytes.
PIECE = 64 * 1024
# A command that changes something is let finish for so long when we are closed, and then asked to end; in seconds.
PATIENCE, GLANCE = 3.0, 0.02
# One that looks ends by itself when we are killed: it asks so often whether we are there.
ASK = 1.0


class _Inked(TextIOWrapper):
    """A pipe that is read for a terminal, so that colours are sent to it."""

    def isatty(self) -> bool:
        return True


class Call:
    """One call, from its fork to its end. changes: it does not only look, and so is never cut short at once.

    drains: once its work is done, which may be none, what waits is run in the background, as `clodputer run` has it done.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        width: int,
        *,
        inked: bool,
        changes: bool = False,
        drains: bool = False,
    ) -> None:
        self.arguments, self.changes = tuple(arguments), changes
        self.text, self.status = b"", -1
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
        self._pid = os.fork()
        if not self._pid:
            _be(self.arguments, writing, width, before, inked=inked, looks=not changes, drains=drains)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(writing)
        self.descriptor = reading

    @property
    def ended(self) -> bool:
        """Whether it has ended, and all that it printed was read."""
        return self.descriptor < 0

    def read(self) -> bytes:
        """What it has printed since; `descriptor` is readable then, or it ends here."""
        data = os.read(self.descriptor, PIECE)
        if not data:
            self._close()
            self.status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return data

    def end(self) -> None:
        """End it, one that changes something only after a while."""
        if self.ended:
            return
        until = monotonic() + (PATIENCE if self.changes else 0.0)
        while self.changes and not self.ended and monotonic() < until:
            if select.select([self.descriptor], [], [], GLANCE)[0]:
                self.read()
        if self.ended:
            return
        self._close()
        os.kill(self._pid, signal.SIGTERM)
        until = monotonic() + PATIENCE
        while not os.waitpid(self._pid, os.WNOHANG)[0]:
            if monotonic() > until:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                return
            sleep(GLANCE)

    def _close(self) -> None:
        os.close(self.descriptor)
        self.descriptor = -1


def _be(
    arguments: tuple[str, ...],
    writing: int,
    width: int,
    mask: set[int],
    *,
    inked: bool,
    looks: bool,
    drains: bool,
) -> None:
    """Be the command, in the forked process; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (*REQUESTS, signal.SIGCHLD, signal.SIGWINCH, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # Of its own, so that Ctrl-C and the end of the terminal are for the dashboard alone.
        parent = os.getppid()
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        kind = _Inked if inked else TextIOWrapper
        sys.stdin = open(0, encoding="utf-8", closefd=False)
        sys.stdout = kind(open(1, "wb", closefd=False), encoding="utf-8", line_buffering=True)
        sys.stderr = TextIOWrapper(open(2, "wb", closefd=False), encoding="utf-8", line_buffering=True)
        os.environ.update({"COLUMNS": str(width), "LINES": "50"})
        if looks:
            _end_with(parent)
        status = main(list(arguments)) if arguments else 0
        if drains and status == 0:
            DetachedDrain(look(os.environ), explain).leave(0.0)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _end_with(parent: int) -> None:
    """End this process when that one has ended, however it did."""

    def ask(_number: int, _frame: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, ask)
    signal.setitimer(signal.ITIMER_REAL, ASK, ASK)
