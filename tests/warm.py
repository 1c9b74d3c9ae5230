"""Commands of Clodputer without the start of Python: each is forked from one process that has everything imported."""

from __future__ import annotations

import atexit
import json
import os
import re
import resource
import selectors
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parent.parent
# Python reads these only when it starts, so that a forked process cannot obey them.
READ_AT_START = re.compile(r"PYTHON(?!PATH)|LC_|LANG|LANGUAGE")


class Ended(NamedTuple):
    """How a process ended. status: negative for a signal, as subprocess has it."""

    status: int
    stdout: str
    stderr: str


class Begun(NamedTuple):
    """A command that was begun. pid: its process; told: what has come of the last of the pipes, which are for what it prints
    to stdout, to stderr, and for its process id and exit status."""

    pid: int
    told: bytes
    pipes: list[int]
    arguments: tuple[str, ...]


class Server:
    """The process that has everything imported, of this test process; ends with it."""

    def __init__(self, *program: str) -> None:
        """program: what Python is started with, tests.warm_server unless it is named; a socket's descriptor is added."""
        self.owner = os.getpid()
        assert surroundings() == ordinary(), "what it forks would inherit what only one test wants"
        self._orders, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *(program or ("-m", "tests.warm_server")), str(theirs.fileno())],
                # As little as workshop.environment gives: the locale follows from it.
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def end(self) -> None:
        """End the process."""
        self._orders.close()
        if os.getpid() == self.owner:
            self._process.wait()

    def call(
        self,
        arguments: tuple[str, ...],
        environ: Mapping[str, str],
        step: int | str | None = None,
        seconds: float = 100,
        folder: str = ".",
    ) -> Ended:
        """A command run to its end in this folder, or killed before its N-th step or the first one of these words.

        Raises subprocess.TimeoutExpired, and has killed it then.
        """
        return self.wait(self.begin(arguments, environ, step, folder), seconds)

    def begin(
        self,
        arguments: tuple[str, ...],
        environ: Mapping[str, str],
        step: int | str | None = None,
        folder: str = ".",
    ) -> Begun:
        """A command begun in this folder; the caller waits for its end."""
        # One pipe each for what it prints, and one for its process id and its exit status.
        pipes = [os.pipe() for _ in range(3)]
        here = os.open(folder, os.O_RDONLY)
        order = json.dumps({"arguments": arguments, "environ": dict(environ), "step": step}).encode()
        try:
            socket.send_fds(
                self._orders, [struct.pack("!I", len(order))], [here, *(writing for _, writing in pipes)]
            )
            self._orders.sendall(order)
        finally:
            for descriptor in (here, *(writing for _, writing in pipes)):
                os.close(descriptor)
        # Its process id comes first, at once unless the server has just been started.
        told = os.read(pipes[2][0], 64)
        assert told, "the process that forks commands has ended"
        return Begun(int(told.split()[0]), told, [reading for reading, _ in pipes], arguments)

    def wait(self, begun: Begun, seconds: float = 100) -> Ended:
        """How it ended. Raises subprocess.TimeoutExpired, and has killed it then."""
        try:
            printed = self._read(begun, seconds)
        finally:
            for descriptor in begun.pipes:
                os.close(descriptor)
        *texts, status = printed
        return Ended(
            int((begun.told + status).split()[1]), *(text.decode().replace("\r\n", "\n") for text in texts)
        )

    def _read(self, begun: Begun, seconds: float) -> list[bytes]:
        """All that comes from the pipes, until each is closed by all who hold it."""
        printed = dict.fromkeys(begun.pipes, b"")
        until = monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for pipe in begun.pipes:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(max(0, until - monotonic()))
                if not ready:
                    os.kill(begun.pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(
                        ["clodputer", *begun.arguments], seconds, printed[begun.pipes[0]]
                    )
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    printed[key.fd] += data
                    if not data:
                        selector.unregister(key.fd)
        return [printed[pipe] for pipe in begun.pipes]


_servers: list[Server] = []


def server() -> Server:
    """The one of this process, started when it is first needed."""
    if not _servers or _servers[-1].owner != os.getpid():
        _servers.append(Server())
        atexit.register(_servers[-1].end)
    return _servers[-1]


def call(
    arguments: tuple[str, ...], environ: Mapping[str, str], seconds: float = 100, folder: str = "."
) -> Optional[Ended]:
    """A command run to its end in this folder; None where only a process that is really started would inherit what counts."""
    if any(READ_AT_START.match(name) for name in environ) or environ.get("PYTHONPATH", str(ROOT)) != str(
        ROOT
    ):
        return None
    if surroundings() != ordinary():
        return None
    return server().call(arguments, environ, seconds=seconds, folder=folder)


def surroundings() -> tuple[object, ...]:
    """What a process inherits besides its environment and folder: its mask, its limits, its rights, its namespaces."""
    mask = os.umask(0o077)
    os.umask(mask)
    limits = [
        resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")
    ]
    rights: list[str] = []
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        rights = re.findall(r"^(?:Cap|Uid|Gid|NoNewPrivs|SigIgn|SigBlk).*", status, re.MULTILINE)
        rights += [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "pid", "user")]
    return mask, os.nice(0), limits, rights


@lru_cache(maxsize=1)
def ordinary() -> tuple[object, ...]:
    """The surroundings of the tests in general: those of the first call, in tests/conftest.py."""
    return surroundings()
