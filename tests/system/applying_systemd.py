"""Units applied to systemd by a process that is killed right before its N-th step."""

from __future__ import annotations

import os
import signal
import sys

from clodputer.schedulers import systemd
from clodputer.schedulers.unit import Frame, Unit, changes

STEPS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "subprocess.Popen"}


def killed_at(step: int, frame: Frame, units: list[Unit]) -> bool:
    """Apply the units in a forked process that dies before its N-th step; False when it came to its end first."""
    pid = os.fork()
    if not pid:
        try:
            found = systemd.inspect(frame)
            left = [step]

            def count(event: str, arguments: tuple[object, ...]) -> None:
                if event in STEPS:
                    left[0] -= 1
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
            systemd.apply(frame, changes(units, found), lambda change: None)
            os._exit(0)
        finally:
            os._exit(99)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert status == 0, "it failed by itself"
    return False
