"""The proxy of a sandbox: it reaches what is allowed and nothing else, and ends with its exec."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clodputer.isolate.sandbox import proxy, relay
from clodputer.isolate.sandbox.relay import Way
from clodputer.model.isolate.sandbox import hosts
from tests.sandboxing import through
from tests.wait import until
from tests.workshop import alive


class Server(BaseHTTPRequestHandler):
    """Says what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.dumps({"path": self.path, "host": self.headers["Host"], "length": len(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the name is given)
        """Nothing is printed."""


@contextmanager
def serving() -> Iterator[int]:
    """A server on this machine; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "run.box"
    path.mkdir()
    yield str(path)
    proxy.stop(str(path))


def test_the_proxy_reaches_what_is_allowed_and_nothing_else(box: str) -> None:
    with serving() as port:
        way = Way(hosts.patterns([f"127.0.0.1:{port}", "*.example"]))
        at = proxy.start(box, way, local=True)
        status, said = through(at, "POST", f"http://127.0.0.1:{port}/a?b", b"x" * 300_000)
        assert (status, json.loads(said)) == (
            200,
            {"path": "/a?b", "host": f"127.0.0.1:{port}", "length": 300_000},
        )
        tunnel = http.client.HTTPConnection("127.0.0.1", at, timeout=100)
        tunnel.set_tunnel("127.0.0.1", port)
        tunnel.request("POST", "/c", b"y")
        assert json.loads(tunnel.getresponse().read())["path"] == "/c"
        for target in (f"http://localhost:{port}/", "http://github.com/", "http://127.0.0.1:1/"):
            assert through(at, "POST", target)[0] == 403
        assert through(at, "CONNECT", "github.com:443")[0] == 403
        for target in ("/etc/passwd", "ftp://127.0.0.1/", "http://"):
            assert through(at, "POST", target)[0] == 502
    assert proxy.refused(box) == [f"localhost:{port}", "github.com:80", "127.0.0.1:1", "github.com:443"]


def test_no_name_leads_into_this_machine(box: str) -> None:
    """Whatever its address is said to be: `localhost` is let through by no wildcard."""
    with serving() as port:
        at = proxy.start(box, Way(hosts.patterns([f"*:{port}"])), local=True)
        status, said = through(at, "POST", f"http://localhost:{port}/")
        assert (status, b"leads into this machine" in said) == (403, True)


def test_a_proxy_that_the_person_has_is_used(tmp_path: Path, box: str) -> None:
    """Requests go on through it, with the host that was asked for."""
    other = tmp_path / "other.box"
    other.mkdir()
    with serving() as port:
        beyond = proxy.start(str(other), Way(hosts.patterns([f"127.0.0.1:{port}"])), local=True)
        at = proxy.start(box, Way(hosts.patterns(["far.example"]), ("127.0.0.1", beyond)), local=True)
        assert through(at, "POST", "http://far.example/")[0] == 403  # by the other one
        assert through(at, "CONNECT", "far.example:443")[0] == 502
    assert (proxy.refused(box), proxy.refused(str(other))) == ([], ["far.example:80", "far.example:443"])
    proxy.stop(str(other))


def test_what_is_no_request_is_no_end_of_the_proxy(box: str) -> None:
    at = proxy.start(box, Way(hosts.patterns(["a.example"])), local=True)
    for data in (b"\r\n\r\n", b"\xff" * 100 + b"\r\n\r\n", b"GET " + b"a" * 70_000):
        with socket.create_connection(("127.0.0.1", at)) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100).startswith(b"HTTP/1.1 502")
    assert through(at, "CONNECT", "b.example:443")[0] == 403


def test_the_proxy_ends_with_its_exec(tmp_path: Path) -> None:
    """Killed, it can end nothing itself."""
    (tmp_path / "run.box").mkdir()
    script = (
        "from clodputer.isolate.sandbox import proxy, relay; import sys, time\n"
        "proxy.start(sys.argv[1], relay.Way(()), local=True)\n"
        "print(proxy._running[sys.argv[1]][0], flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "run.box")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert alive(child)
        process.kill()
    until(lambda: not alive(child))


PLACES = [
    ("CONNECT", "a.example:443", ("a.example", 443)),
    ("CONNECT", "[::1]:443", ("::1", 443)),
    ("GET", "http://A.example/x", ("a.example", 80)),
    ("GET", "http://u:p@a.example:81/x", ("a.example", 81)),
]


@pytest.mark.parametrize(("method", "target", "place"), PLACES)
def test_which_host_a_request_is_for(method: str, target: str, place: tuple[str, int]) -> None:
    assert relay.place_of(method, target) == place
