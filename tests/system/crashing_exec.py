"""An exec that is killed just before its N-th step: run as `python crashing_exec.py N`, exit 0 when it got through.

`list` in place of N kills nothing and prints the steps.

A step is whatever the interpreter reports to audit hooks and changes the world: files opened for writing, renames, folders
made, files removed, processes started or signalled. Nothing of Clodputer is changed; the process merely dies.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

STEPS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.utime", "os.chmod", "os.truncate", "os.posix_spawn",
         "os.kill", "os.killpg", "os.link", "shutil.rmtree", "fcntl.flock")  # fmt: skip

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def is_step(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether what an audit hook is told of changes the world."""
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
    return event in STEPS


def main() -> int:
    """Install the hook and run exec."""
    left = [0 if sys.argv[1] == "list" else int(sys.argv[1])]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if not is_step(event, arguments):
            return
        left[0] -= 1
        if sys.argv[1] == "list":
            print(f"{event} {arguments!r}"[:300], flush=True)
        if left[0] == 0:
            print(f"killed before {event} {arguments!r}"[:300], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    from clodputer.__main__ import main as clodputer

    sys.addaudithook(count)
    return clodputer(["exec"])


if __name__ == "__main__":
    sys.exit(main())
