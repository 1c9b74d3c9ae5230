"""Processes that are killed, by SIGKILL, just before their N-th step that changes the world.

A step is whatever the interpreter reports to audit hooks and changes the world: files opened for writing, renames, folders
made, files removed, processes started or signalled. Nothing of Clodputer is changed; the process merely dies.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any, Callable

STEPS = (
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.utime",
    "os.chmod",
    "os.truncate",
    "os.posix_spawn",
    "os.kill",
    "os.killpg",
    "os.link",
    "os.symlink",
    "shutil.rmtree",
    "fcntl.flock",
)

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def is_step(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether what an audit hook is told of changes the world."""
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
    return event in STEPS


def be_killed_at(step: int | str) -> None:
    """Have this process killed before its N-th step, or before the first with all of these words: "rename record.json".

    Its own steps alone are counted; the words are also looked for in those of what it forks, such as an exec's keeper.
    """
    words = step.split() if isinstance(step, str) else []
    left = [step]
    itself = os.getpid()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not is_step(event, arguments) or (os.getpid() != itself and not words):
            return
        if isinstance(left[0], int):
            left[0] -= 1
        said = f"{event} {arguments!r}"
        if left[0] == 0 or (words and all(word in said for word in words)):
            if os.getpid() == itself:  # a keeper has nothing to print to
                # Whole, as tests look for words in it: a long path must not push them out.
                print(f"killed before {said}", flush=True)
            words.clear()
            with suppress(ProcessLookupError):  # it is dead already, and what it forked goes on
                os.kill(itself, signal.SIGKILL)

    sys.addaudithook(hook)


def count_steps(function: Callable[[], Any]) -> int:
    """How many steps the function takes in a forked process, which comes to its end."""
    theirs, ours = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            counted = [0]

            def count(event: str, arguments: tuple[Any, ...]) -> None:
                counted[0] += is_step(event, arguments)

            sys.addaudithook(count)
            function()
            os.write(ours, b"%d" % counted[0])
            os._exit(0)
        finally:
            os._exit(99)
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    with open(theirs, "rb") as told:
        assert status == 0, "it failed by itself"
        return int(told.read())


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
