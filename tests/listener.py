"""A server on loopback that keeps what it is sent and answers as a test says: well, slowly, with an error, without end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, NamedTuple, Optional


class Got(NamedTuple):
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, headers: Optional[dict[str, str]] = None, body: bytes = b"OK") -> Answer:
    """An ordinary answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class Listener:
    """What it got, and how it answers from now on."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Answer = answering(200)
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Keeps the request, then answers."""

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                outer.got.append(Got(self.command, self.path, dict(self.headers), body))
                outer.answer(self)

            do_GET = do_HEAD = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing until the test is over."""
        self.over.wait(60)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one byte after the other, each in time, until the test is over."""
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not self.over.wait(0.05):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return


@contextmanager
def listening() -> Iterator[Listener]:
    """One, for as long as the block lasts."""
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.over.set()
        listener.server.shutdown()
        listener.server.server_close()
        thread.join()
