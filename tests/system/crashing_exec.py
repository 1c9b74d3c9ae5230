"""Execs killed just before their N-th step, each forked from one process that has everything imported: started by execs.py.

A step is whatever the interpreter reports to audit hooks and changes the world: files opened for writing, renames, folders
made, files removed, processes started or signalled. Nothing of Clodputer is changed; the process merely dies.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
from typing import Any

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
    "shutil.rmtree",
    "fcntl.flock",
)

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# The floors that an exec uses, and what comes with them.
PARTS = ("model", "store", "agents", "runner", "cli")


def is_step(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether what an audit hook is told of changes the world."""
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & WRITING)
    return event in STEPS


def main() -> int:
    """For each line of stdin one process, with the arguments, environment and step in it; its exit status is the answer."""
    for part in PARTS:
        package = importlib.import_module(f"clodputer.{part}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(work(json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return 0


def work(order: dict[str, Any]) -> int:
    """What such a process does."""
    for descriptor, path, how in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["clodputer", *order["arguments"]]
    from clodputer.__main__ import main as clodputer

    if order["step"] is not None:
        count(order["step"])
    try:
        return clodputer(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def count(step: int | str) -> None:
    """Be killed before the N-th step, or before the first that has all of these words, such as "rename record.json".

    The steps of an exec alone are counted; the words are also looked for in those of its keeper.
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
                print(f"killed before {said}"[:300], flush=True)
            os.kill(itself, signal.SIGKILL)

    sys.addaudithook(hook)


if __name__ == "__main__":
    sys.exit(main())
