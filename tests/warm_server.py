"""A process that has everything imported, and forks one for each command it is sent: as separate as if it had been started.

Usage: python -m tests.warm_server DESCRIPTOR, of a socket; started by tests/warm.py.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import tempfile
import time
from typing import Any, NoReturn, Optional

from tests.killing import be_killed_at

# What is imported inside functions of Clodputer.
LIBRARIES = (
    "filelock",
    "jinja2.sandbox",
    "jsonschema.validators",
    "pydantic_core",
    "rich.cells",
    "rich.console",
    "rich.table",
    "rich.text",
    "sqlite3",
    "zoneinfo",
)


def main(descriptor: int) -> NoReturn:
    """For each order one process; its exit status is the answer. Ends when there can be no further order."""
    import_everything()
    gc.freeze()
    orders = socket.socket(fileno=descriptor)
    running: dict[int, int] = {}
    # A child that ends wakes us.
    waking, wake = os.pipe()
    os.set_blocking(waking, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    while True:
        ready, _, _ = select.select([orders, waking], [], [])
        if waking in ready:
            os.read(waking, 4096)
            reap(running)
        if orders in ready:
            received = receive(orders)
            if received is None:
                sys.exit()
            order, (here, stdout, stderr, answer) = received
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for mine in (orders.detach(), waking, wake, answer, *running.values()):
                    os.close(mine)
                become(order, here, stdout, stderr)
            for theirs in (here, stdout, stderr):
                os.close(theirs)
            os.write(answer, b"%d " % child)
            running[child] = answer


def import_everything() -> None:
    """All of Clodputer, and what it imports when it is needed."""
    package = importlib.import_module("clodputer")
    for module in pkgutil.walk_packages(package.__path__, "clodputer."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for library in LIBRARIES:
        importlib.import_module(library)
    from clodputer.model.config.settingkeys import KEYS
    from clodputer.store.taskfiles.models import validated
    from clodputer.store.taskfiles.problems import Rendered
    from clodputer.tasks import kinds, tables

    tables.top(), tables.owners(), tables.kinds()
    # What is made once in each process.
    validated(tables.top().values(), {})
    validated(KEYS, {})
    for kind in tables.kinds()["trigger"]:
        kinds.check("trigger", {"type": kind}, Rendered(), {})


def reap(running: dict[int, int]) -> None:
    """Tell how those ended that have."""
    for child in list(running):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            answer = running.pop(child)
            try:
                os.write(answer, b"%d" % os.waitstatus_to_exitcode(status))
            except BrokenPipeError:
                pass  # it took too long, and nobody waits for it any more
            os.close(answer)


def receive(orders: socket.socket) -> Optional[tuple[dict[str, Any], list[int]]]:
    """The next order, with its folder, stdout, stderr and the pipe for the answer; None when there is none any more."""
    length, descriptors, _, _ = socket.recv_fds(orders, 4, 4)
    if not length:
        return None
    text = b""
    size = struct.unpack("!I", length)[0]
    while len(text) < size:
        text += orders.recv(size - len(text))
    order: dict[str, Any] = json.loads(text)
    return order, list(descriptors)


def become(order: dict[str, Any], here: int, stdout: int, stderr: int) -> NoReturn:
    """The process that `python -m clodputer ARGUMENTS` would be."""
    status = 70
    try:
        os.fchdir(here)
        os.close(here)
        for descriptor, becomes in ((stdout, 1), (stderr, 2)):
            os.dup2(descriptor, becomes)
            os.close(descriptor)
        # Python itself puts this into the environment of a process without a locale.
        coerced = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
        os.environ.clear()
        os.environ.update({**coerced, **order["environ"]})
        time.tzset()
        tempfile.tempdir = None
        sys.path[0] = os.getcwd()
        sys.argv[1:] = order["arguments"]
        for number, name, errors in ((1, "stdout", "strict"), (2, "stderr", "backslashreplace")):
            stream = open(number, "w", encoding="utf-8", errors=errors, closefd=False)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        from clodputer.__main__ import program

        if order["step"] is not None:
            be_killed_at(order["step"])
        try:
            program()
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 (this process must not go on as the server)
        sys.excepthook(*sys.exc_info())
        status = 1
    finally:
        for written in (sys.stdout, sys.stderr):
            if written is not None:
                written.flush()
        os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]))
