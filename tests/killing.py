"""Functions that are killed, by SIGKILL, just before their N-th step that changes the world; in a process of their own."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, Callable

from tests.system.crashing_exec import is_step


def killed_at(step: int, function: Callable[[], Any]) -> bool:
    """Call the function in a forked process that dies before its N-th step; False when it came to its end first."""
    pid = os.fork()
    if not pid:
        try:
            sys.addaudithook(_hook(step))
            function()
            os._exit(0)
        finally:
            os._exit(99)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed by itself"
    return False


def _hook(step: int) -> Callable[[str, tuple[Any, ...]], None]:
    left = [step]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if is_step(event, arguments):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return count
