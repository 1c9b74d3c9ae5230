"""A client of the tests' own: lines to `clodputer mcp` and from it, as they are on the wire."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Optional

import psutil

from clodputer.store.home import Home
from tests.wait import PATIENCE
from tests.workshop import environment


class Speaker:
    """The server as a process, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self._received = process, b""

    @property
    def stdin(self) -> int:
        assert self.process.stdin is not None
        return self.process.stdin.fileno()

    @property
    def stdout(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def send(self, message: Any) -> None:
        """A message, or bytes as they are."""
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.stdin, data) :]

    def ask(self, id_: Any, method: str, **params: Any) -> None:
        self.send({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})

    def call(self, id_: Any, tool: str, **arguments: Any) -> None:
        self.ask(id_, "tools/call", name=tool, arguments=arguments)

    def cancel(self, id_: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id_}})

    def hear(self) -> dict[str, Any]:
        """The next message. Raises EOFError after the last one."""
        found = self.hear_or_end()
        if found is None:
            raise EOFError
        return found

    def hear_or_end(self) -> Optional[dict[str, Any]]:
        """The next message, or None after the last one. Raises AssertionError when neither comes."""
        until = monotonic() + PATIENCE
        with selectors.DefaultSelector() as selector:
            selector.register(self.stdout, selectors.EVENT_READ)
            while b"\n" not in self._received:
                assert selector.select(max(0.0, until - monotonic())), "the server says nothing"
                data = os.read(self.stdout, 1 << 16)
                if not data:
                    assert self._received == b""
                    return None
                self._received += data
        line, _, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def answer(self, id_: Any, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a call that is the only one at work."""
        self.call(id_, tool, **arguments)
        heard = self.hear()
        assert heard["id"] == id_
        result: dict[str, Any] = heard["result"]
        return result

    def children(self) -> list[psutil.Process]:
        """The calls at work."""
        return list(psutil.Process(self.process.pid).children(recursive=True))


@contextmanager
def speaking(home: Home, **extra: str) -> Iterator[Speaker]:
    """A server of this home, which is told to end afterwards unless it has ended."""
    with subprocess.Popen(
        [sys.executable, "-m", "clodputer", "mcp"],
        env=environment(home, extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        try:
            yield Speaker(process)
        finally:
            if process.poll() is None:
                process.terminate()
            assert process.wait(PATIENCE) == 0
