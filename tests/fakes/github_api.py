"""A loopback stand-in of GitHub's API that keeps state, with faults on demand: `with serving() as api`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes.github_routes import ROUTES, Call, Refused
from tests.fakes.github_state import State

LIMIT = 5000
TOKEN = "ghp_standIn0123456789"


@dataclass
class Fault:
    """What is answered instead, so many times, to requests of which `METHOD /path?query` holds the pattern.

    hang: seconds without an answer; drip: a body that never ends, a byte now and then; body: of its own.
    after: the request is carried out first, and only its answer is lost.
    """

    pattern: str
    status: int = 502
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"<html>bad gateway</html>"
    type: str = "text/html"
    hang: float = 0.0
    drip: bool = False
    after: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came, and the status that it got."""

    method: str
    path: str
    query: str
    body: Any
    headers: dict[str, str]
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Api(ThreadingHTTPServer):
    """The server. base: the path at which the API lies. state: what it knows; requests: everything that it was asked."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, base: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = base
        self.state, self.requests, self.faults = State(), list[Asked](), list[Fault]()
        self.remaining, self.token, self.closing = LIMIT, TOKEN, threading.Event()
        self.lock = threading.RLock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{self.base}"

    def within(self, path: str) -> str:
        """A path without where the API lies, and with the repository by its name; empty for one that is not of the API."""
        if self.base:
            beside = f"{self.base.removesuffix('/v3')}/graphql"
            path = (
                "/graphql"
                if path == beside
                else path.removeprefix(self.base)
                if path.startswith(f"{self.base}/")
                else ""
            )
        numbered = re.match(r"/repositories/(\d+)", path)
        names = list(self.state.repositories)
        if numbered and int(numbered[1]) <= len(names):
            path = f"/repos/{names[int(numbered[1]) - 1]}{path[numbered.end() :]}"
        return path

    def fault(self, pattern: str, status: int = 502, **more: Any) -> None:
        self.faults.append(Fault(pattern, status, **more))

    def asked(self, pattern: str = "") -> list[str]:
        """`METHOD /path` of the requests in which the pattern is found."""
        return [str(one) for one in self.requests if re.search(pattern, str(one))]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


@contextlib.contextmanager
def serving(base: str = "") -> Iterator[Api]:
    """The stand-in on a port of its own until the end of the block. base: `/api/v3` on a GitHub Enterprise Server."""
    with Api(base) as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield api
        finally:
            api.closing.set()
            api.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Api

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        """The requests are kept as data; nothing is printed."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = json.loads(raw) if raw else None
        api = self.server
        with api.lock:
            fault = next(
                (one for one in api.faults if re.search(one.pattern, f"{self.command} {self.path}")), None
            )
            if fault is not None:
                fault.times -= 1
                if not fault.times:
                    api.faults.remove(fault)
            status, answer, sent = 0, None, dict[str, str]()
            if fault is None or fault.after:
                status, answer, sent = self._answer(unquote(parts.path), query, body)
            if fault is not None:
                status = fault.status
            api.requests.append(
                Asked(
                    self.command, unquote(parts.path), parts.query, body, dict(self.headers.items()), status
                )
            )
        if fault is not None:
            self._faulty(fault)
        else:
            self._send(status, answer, sent)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _answer(self, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        api = self.server
        try:
            if not self.headers.get("User-Agent"):
                raise Refused(403, "Request forbidden by administrative rules.")
            if self.headers.get("Authorization") not in (f"Bearer {api.token}", f"token {api.token}"):
                raise Refused(401, "Bad credentials")
            if api.remaining <= 0:
                raise Refused(
                    403, f"API rate limit exceeded for user ID {api.state.people[api.state.me][0]}."
                )
            status, answer, headers = 200, None, dict[str, str]()
            path = api.within(path)
            for method, pattern, act in ROUTES:
                found = re.fullmatch(pattern, path)
                if found and method == self.command:
                    status, answer, headers = act(Call(api.state, api.url, found, query, body, path))
                    break
            else:
                raise Refused(404, "Not Found")
        except Refused as refused:
            status, answer, headers = refused.status, {"message": refused.message}, refused.headers
        if status == 200 and self.command == "GET":
            data = (
                json.dumps(answer) + str(self.headers.get("Authorization")) + str(self.headers.get("Accept"))
            )
            headers["ETag"] = f'W/"{hashlib.sha256(data.encode()).hexdigest()[:32]}"'
            if self.headers.get("If-None-Match") == headers["ETag"]:
                return 304, None, headers
        api.remaining -= 1
        return status, answer, headers

    def _send(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        api = self.server
        sent = {
            "x-ratelimit-limit": str(LIMIT),
            "x-ratelimit-remaining": str(max(0, api.remaining)),
            "x-ratelimit-reset": str(int(api.state.now) + 600),
            "x-github-request-id": "STAND:IN",
            **({"Content-Type": "application/json; charset=utf-8"} if data else {}),
            **headers,
            **({"Content-Length": str(len(data))} if status not in (204, 304) else {}),
        }
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def date_time_string(self, timestamp: Optional[float] = None) -> str:
        """The clock of GitHub is the stand-in's."""
        return super().date_time_string(self.server.state.now)

    def _faulty(self, fault: Fault) -> None:
        if fault.hang:
            self.server.closing.wait(fault.hang)
            self.close_connection = True
            return
        self.send_response(fault.status)
        self.send_header("Content-Type", fault.type)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        if fault.drip:
            self.end_headers()
            while not self.server.closing.wait(0.05):
                self.wfile.write(b" ")
        self.send_header("Content-Length", str(len(fault.body)))
        self.end_headers()
        self.wfile.write(fault.body)
