"""Pushes by http: the token goes to the remote alone, wherever that one sends us."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clodputer.store.outgoing import parcels, published
from tests.fakes.github_api import TOKEN
from tests.publish.stage import PULL_REQUEST, Stage, intend
from tests.repositories import git
from tests.workshop import events, program


class Backend(BaseHTTPRequestHandler):
    """git http-backend behind a password, which is kept as it came. moved: where everything is now, if it has moved."""

    root: Path
    seen: list[str]
    moved: str = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        """Nothing is printed."""

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.seen.append(given)
        if self.moved:
            self.send_response(301)
            self.send_header("Location", f"{self.moved}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if not given:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=x")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "REMOTE_USER": "robot",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in fields if name == "Status"), 200)
        self.send_response(status)
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - the name is given


@contextmanager
def served(root: Path, host: str = "127.0.0.1") -> Iterator[tuple[str, type[Backend]]]:
    """The repositories of a folder by http: the address, and what is known of who has asked."""
    handler = type("Here", (Backend,), {"root": root, "seen": []})
    with ThreadingHTTPServer((host, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://{host}:{server.server_address[1]}", handler
        server.shutdown()
        thread.join()


@pytest.fixture
def remote(stage: Stage) -> Path:
    """The remote, at a path that is the repository's name; its parent is what is served."""
    stage.remote.parent.joinpath("o").mkdir()
    stage.remote.rename(stage.remote.parent / "o" / "r.git")
    stage.remote = stage.there.git = stage.remote.parent / "o" / "r.git"
    git(stage.remote, "config", "http.receivepack", "true")
    return stage.remote


def test_the_token_goes_to_the_remote_and_nowhere_else(stage: Stage, remote: Path, tmp_path: Path) -> None:
    """In no argument and no environment of any git, and asked for in no other place."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    noted = tmp_path / "noted"
    folder = program(
        tmp_path / "bin", "git", f'echo "$@" >> {noted}; env >> {noted}; exec {real} "$@"'
    ).parent
    path = os.environ["PATH"]
    with served(remote.parent.parent) as (address, _):
        git(stage.checkout, "remote", "set-url", "--push", "origin", f"{address}/o/r.git")
        stage.prepare(intend(**PULL_REQUEST))
        os.environ["PATH"] = f"{folder}:{path}"
        try:
            stage.send()
        finally:
            os.environ["PATH"] = path
    assert len(stage.pulls()) == 1, [one.last_error for one in parcels.waiting(stage.home)]
    said = noted.read_text()
    assert "push --porcelain" in said
    assert TOKEN not in said
    assert [one.kind for one in published.everything(stage.home)] == ["draft_pull_request"]
    assert events(stage.home, "not_published") == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a second loopback address by itself")
def test_a_remote_on_another_server_than_the_api_gets_no_token(stage: Stage, remote: Path) -> None:
    """It is asked with the person's own login alone; what is to be pushed waits."""
    with served(remote.parent.parent, "127.0.0.2") as (address, handler):
        git(stage.checkout, "remote", "set-url", "--push", "origin", f"{address}/o/r.git")
        stage.prepare(intend(**PULL_REQUEST))
        stage.send()
        assert handler.seen
        assert set(handler.seen) == {""}
    assert (stage.branches(), len(list(parcels.waiting(stage.home)))) == (["main"], 1)


@pytest.mark.parametrize("asks_first", [False, True])
def test_a_remote_that_sends_us_elsewhere(stage: Stage, remote: Path, *, asks_first: bool) -> None:
    """Another server gets no token, also when the first one was shown it; what is to be pushed is kept."""
    with ExitStack() as stack:
        address, first = stack.enter_context(served(remote.parent.parent))
        elsewhere, other = stack.enter_context(served(remote.parent.parent))
        git(stage.checkout, "remote", "set-url", "--push", "origin", f"{address}/o/r.git")
        stage.prepare(intend(**PULL_REQUEST))
        if asks_first:
            first.moved = ""
            serve = first.do_GET

            def then_elsewhere(self: Backend) -> None:
                self.moved = elsewhere if self.headers.get("Authorization") else ""
                serve(self)

            first.do_GET = first.do_POST = then_elsewhere  # type: ignore[method-assign]
        else:
            first.moved = elsewhere
        stage.send()
    assert other.seen, "nobody was sent there"
    secret = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert [given for given in other.seen if secret in given] == []
    assert stage.branches() == ["main"]
    (parcel,) = [*parcels.waiting(stage.home), *parcels.ended(stage.home)]
    assert TOKEN not in str(parcel)


def test_a_repository_that_was_renamed(stage: Stage, remote: Path) -> None:
    """On the same server a redirection is followed, as GitHub answers for a repository that has a new name."""
    with served(remote.parent.parent) as (address, handler):
        serve = handler.do_GET

        def renamed(self: Backend) -> None:
            if self.path.startswith("/o/r.git"):
                self.seen.append("")
                self.send_response(301)
                self.send_header("Location", f"{address}{self.path.replace('/o/r.git', '/o/new.git')}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                serve(self)

        handler.do_GET = handler.do_POST = renamed  # type: ignore[method-assign]
        git(stage.checkout, "remote", "set-url", "--push", "origin", f"{address}/o/r.git")
        stage.prepare(intend(kind="push"))
        remote.rename(remote.with_name("new.git"))
        stage.send()
        assert git(remote.with_name("new.git"), "for-each-ref", "--format=%(refname:short)").split() == [
            "clodputer/fix/1",
            "main",
        ]
