"""An exec that is killed just before its N-th step: run as `python crashing_exec.py N`, exit 0 when it got through.

Words in place of N: killed before the first step that has them all, such as "rename record.json".

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
    words = [] if sys.argv[1].isdigit() else sys.argv[1].split()
    left = [0 if words else int(sys.argv[1])]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if not is_step(event, arguments):
            return
        left[0] -= 1
        step = f"{event} {arguments!r}"
        if left[0] == 0 or (words and all(word in step for word in words)):
            print(f"killed before {step}"[:300], flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    from clodputer.__main__ import main as clodputer

    sys.addaudithook(count)
    return clodputer(["exec"])


if __name__ == "__main__":
    sys.exit(main())
