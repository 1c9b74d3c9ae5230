"""A direct child: until it is reaped, its number cannot become another process's."""

from __future__ import annotations

import os
import signal
from time import monotonic
from typing import Callable, Optional

from clodputer.runner.processes.tree_linux import children

# After SIGKILL: longer than this, in seconds, only a process that is stuck in the kernel takes.
KILL_PATIENCE = 10.0
PAUSE = 0.2


class Child:
    """The agent's process, from its start to the moment it is reaped.

    depth: how many processes of a sandbox are above the program: to those a signal means their end, and not a wish.
    status: as waitpid tells it, when reaped; it stays None when the process would not die, or somebody else reaped it.
    """

    def __init__(self, pid: int, depth: int = 0) -> None:
        self.pid, self.depth = pid, depth
        self.status: Optional[int] = None
        self._gone = False

    def ended(self) -> bool:
        """Whether it has ended; not yet reaped, where the platform can tell without (macOS: from Python 3.13 on)."""
        if self._gone:
            return True
        look = getattr(os, "waitid", None)
        if look is None:
            return self.reap()
        try:
            return look(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            self._gone = True
            return True

    def send(self, number: int) -> None:
        """Send it a signal, unless it has been reaped."""
        if not self._gone:
            try:
                os.kill(self.pid, number)
            except OSError:
                pass

    def ask_to_leave(self) -> None:
        """SIGTERM to the program; and it runs again if it was stopped, for only then it can obey."""
        inner = self.pid
        for _ in range(self.depth):
            found = children(inner)
            if len(found) != 1:
                break  # it is just beginning or ending
            inner = found[0]
        for number in (signal.SIGTERM, signal.SIGCONT):
            if inner == self.pid:
                self.send(number)
            elif not self._gone:
                try:
                    os.kill(inner, number)
                except OSError:
                    pass

    def kill_group(self) -> None:
        """SIGKILL to it and to all in its process group, which has its number, as it leads a session of its own."""
        if not self._gone:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except OSError:  # macOS refuses with EPERM when only a zombie is left of it
                pass
            self.send(signal.SIGKILL)

    def reap(self) -> bool:
        """Take its exit status if it has ended; whether it has."""
        if not self._gone:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self._gone = True
            else:
                if pid:
                    self.status, self._gone = status, True
        return self._gone

    def kill_and_reap(self, pause: Callable[[float], object]) -> None:
        """Kill it with its process group, unless it has ended, and reap it.

        pause: waits for so many seconds, or until a child ends.
        """
        if not self.ended():
            self.kill_group()
            deadline = monotonic() + KILL_PATIENCE
            while not self.ended() and monotonic() < deadline:
                pause(PAUSE)
        self.reap()
