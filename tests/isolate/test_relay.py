"""One connection through the proxy of a sandbox: what a client is told, and that it never loses an answer to a reset."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from clodputer.isolate.sandbox.relay import Way, serve
from clodputer.model.isolate.sandbox import hosts

OK = b"HTTP/1.1 200 OK\r\n"


class _Server:
    """Answers one connection with bytes, in small pieces, as soon as it has read so many; then it listens, and says no more."""

    def __init__(self, answer: bytes, reads: int = 65536) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answer, self.reads = answer, reads
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return  # it was ended before anybody came
        with self.listener, connection:
            connection.recv(self.reads)
            for start in range(0, len(self.answer), 7):
                connection.sendall(self.answer[start : start + 7])
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    def end(self) -> None:
        """Wait for no client any more: a thread that still did would meet the descriptors of other tests."""
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(100)
        self.listener.close()
        assert not self.thread.is_alive()


def through(server: _Server, sent: bytes, *, allowed: bool = True) -> bytes:
    """What a client that keeps its connection open reads to its end."""
    here, there = socket.socketpair()
    way = Way(hosts.patterns([f"localhost:{server.port}"] if allowed else []))
    worker = threading.Thread(target=serve, args=(there, way, lambda host: None), daemon=True)
    worker.start()
    with here:
        here.settimeout(30)
        here.sendall(sent)
        read = b""
        while some := here.recv(65536):
            read += some
    worker.join(100)
    assert not worker.is_alive()
    return read


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (OK + b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nX: 1\r\n\r\nbody",
         OK + b"X: 1\r\nConnection: close\r\n\r\nbody"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"X: 1\r\n\r\nbody",
         b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"X: 1\r\nConnection: close\r\n\r\nbody"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\nbytes",) * 2,
        (b"what is no HTTP",) * 2,
        (OK + b"without an end",) * 2,
    ],
)  # fmt: skip
def test_an_answer_says_that_the_connection_ends_with_it(answer: bytes, read: bytes) -> None:
    """In whatever pieces it comes; and it does end, though the client would keep it open."""
    server = _Server(answer)
    assert through(server, f"GET http://localhost:{server.port}/ HTTP/1.1\r\n\r\n".encode()) == read
    server.end()


def test_a_tunnel_is_left_as_it_is() -> None:
    """What goes through CONNECT is the client's own."""
    answer = OK + b"Connection: keep-alive\r\n\r\nbody"
    server = _Server(answer)
    place = f"localhost:{server.port}"
    here, there = socket.socketpair()
    worker = threading.Thread(
        target=serve, args=(there, Way(hosts.patterns([place])), lambda host: None), daemon=True
    )
    worker.start()
    with here:
        here.settimeout(30)
        here.sendall(f"CONNECT {place} HTTP/1.1\r\n\r\nhello".encode())
        here.shutdown(socket.SHUT_WR)
        read = b""
        while some := here.recv(65536):
            read += some
    worker.join(100)
    server.end()
    assert read == b"HTTP/1.1 200 Connection established\r\n\r\n" + answer


@pytest.mark.parametrize("allowed", [True, False])
def test_a_large_request_that_is_answered_early_loses_no_answer(tmp_path: Path, allowed: bool) -> None:
    """A server, or we, refuse a body before it is read: the client gets the refusal and no reset."""
    refusal = b"HTTP/1.1 413 Too large\r\nContent-Length: 2\r\n\r\nno"
    server = _Server(refusal, reads=100)
    head = f"POST http://localhost:{server.port}/ HTTP/1.1\r\nContent-Length: 150000\r\n\r\n".encode()
    read = through(server, head + b"x" * 150_000, allowed=allowed)
    assert (b"413" if allowed else b"403") in read.split(b"\r\n")[0]
    server.end()
