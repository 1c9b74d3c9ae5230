#!/usr/bin/env python3
"""A loopback stand-in of the Messages API, steered by steps in the prompt: `with serving() as api`, or as a program."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional, Union

# Started as a program, the folder of this file is on the path, and not the top of the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes import steps
from tests.fakes.answering import Gone, Handler, Request
from tests.fakes.steps import Step


class Api(ThreadingHTTPServer):
    """The server, with everything it has been asked in `requests`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, log: Optional[Path] = None, handler: type[Handler] = Handler) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.requests: list[Request] = []
        self._log = log
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._seen: Counter[tuple[object, ...]] = Counter()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> list[str]:
        """The names of the steps that answered, in order: what happened, at a glance."""
        return [request.answer for request in self.requests]

    def play(self, session: str, index: int, prompt: str, turn: int) -> list[Step]:
        """The steps that answer this request."""
        beats = steps.parse(prompt)
        story = tuple(steps.LINE.findall(prompt))
        here, anywhere = (session, index, story, turn), (story, turn)
        with self._lock:
            played = steps.choose(beats, turn, self._seen[here], self._seen[anywhere])
            self._seen[here] += 1
            self._seen[anywhere] += 1
        return played

    def note(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8", errors="replace") as log:
                    log.write(json.dumps(request.line()) + "\n")

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Union[socket.socket, tuple[bytes, socket.socket]]) -> None:
        with self._lock:
            if isinstance(request, socket.socket):
                self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], (Gone, OSError)):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Close at once, hanging connections included."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serving(log: Optional[Path] = None, handler: type[Handler] = Handler) -> Iterator[Api]:
    """A stand-in of its own for one test, on a port of its own. handler: of another API than claude's."""
    api = Api(log, handler)
    threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield api
    finally:
        api.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, help="append one JSON line per request to this file")
    options = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread: they inherit it
    with serving(options.log) as api:
        print(api.port, flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
