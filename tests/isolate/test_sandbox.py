"""The parts of a sandbox by themselves: the login that goes in and out, the proxy, the places, and the fake of macOS."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clodputer.isolate import sandbox
from clodputer.isolate.sandbox import box as boxes
from clodputer.isolate.sandbox import enclose, login, places, proxy, relay
from clodputer.isolate.sandbox.places import Asked
from clodputer.isolate.sandbox.relay import Way
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox import hosts
from clodputer.model.isolate.sandbox.keys import Sandbox
from tests.killing import killed_at
from tests.wait import until
from tests.workshop import alive, program

SESSION = "11111111-2222-3333-4444-555555555555"


def credentials(token: str, expires: int, **more: Any) -> str:
    return json.dumps(
        {"claudeAiOauth": {"accessToken": token, "refreshToken": "r", "expiresAt": expires, **more}}
    )


RENEWED = [
    (credentials("a", 1), credentials("b", 2), True),
    (credentials("a", 2), credentials("b", 1), False),
    (credentials("a", 1), credentials("", 2), False),
    (credentials("a", 1, subscriptionType="max"), credentials("b", 2, subscriptionType="pro"), False),
    (credentials("a", 1), '{"claudeAiOauth": {}}', False),
    (credentials("a", 1), '{"other": 1}', False),
    ("", credentials("b", 2), False),
    (credentials("a", 1), "[]", False),
    (credentials("a", 1), "no JSON", False),
]


@pytest.mark.parametrize(("there", "brought", "newer"), RENEWED)
def test_only_a_renewed_login_is_brought_back(there: str, brought: str, newer: bool) -> None:
    assert login.renewed(there.encode(), brought.encode()) is newer


def test_the_login_goes_in_and_the_transcript_comes_back(tmp_path: Path) -> None:
    """Of the person's config folder nothing else is in there; what the run makes of it stays in there."""
    config, box = tmp_path / "config", tmp_path / "run.box"
    (config / "projects" / "p").mkdir(parents=True)
    box.mkdir()
    (box / "config").mkdir()
    private = box / "config"
    (config / ".credentials.json").write_text(credentials("a", 1))
    (config / "settings.json").write_text('{"permissions": {"deny": ["Read"]}}')
    (config / "CLAUDE.md").write_text("private\n")
    (config / ".claude.json").write_text('{"userID": "u", "mcpServers": {"s": {"env": {"KEY": "k"}}}}')
    (config / "projects" / "p" / f"{SESSION}.jsonl").write_text("one\n")
    (config / "projects" / "p" / "other.jsonl").write_text("other\n")
    state = str(private / ".claude.json")
    login.lay_out(str(config), str(config / ".claude.json"), str(private), state, SESSION, settings=True)
    found = sorted(str(path.relative_to(private)) for path in private.rglob("*") if path.is_file())
    assert found == [".claude.json", ".credentials.json", f"projects/p/{SESSION}.jsonl", "settings.json"]
    assert json.loads(Path(state).read_text()) == {"userID": "u"}
    (private / ".credentials.json").write_text(credentials("b", 2))
    (private / "settings.json").write_text('{"hooks": {}}')
    (private / "projects" / "p" / f"{SESSION}.jsonl").write_text("one\ntwo\n")
    (private / "projects" / "q").mkdir()
    (private / "projects" / "q" / f"{SESSION}.jsonl").symlink_to("/etc/passwd")
    (private / "projects" / "out").symlink_to(tmp_path)
    for _ in range(2):
        login.bring_back(str(box), {"config": str(config), "private": str(private), "session": SESSION})
    assert "deny" in (config / "settings.json").read_text()
    assert json.loads((config / ".credentials.json").read_text())["claudeAiOauth"]["accessToken"] == "b"
    assert (config / "projects" / "p" / f"{SESSION}.jsonl").read_text() == "one\ntwo\n"
    assert sorted(os.listdir(config / "projects")) == ["p"]


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


def asked(port: int, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    """What comes through the proxy at that port."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    client.request(method, target, body)
    answer = client.getresponse()
    return answer.status, answer.read()


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
        status, said = asked(at, "POST", f"http://127.0.0.1:{port}/a?b", b"x" * 300_000)
        assert (status, json.loads(said)) == (
            200,
            {"path": "/a?b", "host": f"127.0.0.1:{port}", "length": 300_000},
        )
        tunnel = http.client.HTTPConnection("127.0.0.1", at, timeout=100)
        tunnel.set_tunnel("127.0.0.1", port)
        tunnel.request("POST", "/c", b"y")
        assert json.loads(tunnel.getresponse().read())["path"] == "/c"
        for target in (f"http://localhost:{port}/", "http://github.com/", "http://127.0.0.1:1/"):
            assert asked(at, "POST", target)[0] == 403
        assert asked(at, "CONNECT", "github.com:443")[0] == 403
        for target in ("/etc/passwd", "ftp://127.0.0.1/", "http://"):
            assert asked(at, "POST", target)[0] == 502
    assert proxy.refused(box) == [f"localhost:{port}", "github.com:80", "127.0.0.1:1", "github.com:443"]


def test_no_name_leads_into_this_machine(box: str) -> None:
    """Whatever its address is said to be: `localhost` is let through by no wildcard."""
    with serving() as port:
        at = proxy.start(box, Way(hosts.patterns([f"*:{port}"])), local=True)
        status, said = asked(at, "POST", f"http://localhost:{port}/")
        assert (status, b"leads into this machine" in said) == (403, True)


def test_a_proxy_that_the_person_has_is_used(tmp_path: Path, box: str) -> None:
    """Requests go on through it, with the host that was asked for."""
    other = tmp_path / "other.box"
    other.mkdir()
    with serving() as port:
        beyond = proxy.start(str(other), Way(hosts.patterns([f"127.0.0.1:{port}"])), local=True)
        at = proxy.start(box, Way(hosts.patterns(["far.example"]), ("127.0.0.1", beyond)), local=True)
        assert asked(at, "POST", "http://far.example/")[0] == 403  # by the other one
        assert asked(at, "CONNECT", "far.example:443")[0] == 502
    assert (proxy.refused(box), proxy.refused(str(other))) == ([], ["far.example:80", "far.example:443"])
    proxy.stop(str(other))


def test_what_is_no_request_is_no_end_of_the_proxy(box: str) -> None:
    at = proxy.start(box, Way(hosts.patterns(["a.example"])), local=True)
    for data in (b"\r\n\r\n", b"\xff" * 100 + b"\r\n\r\n", b"GET " + b"a" * 70_000):
        with socket.create_connection(("127.0.0.1", at)) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100).startswith(b"HTTP/1.1 502")
    assert asked(at, "CONNECT", "b.example:443")[0] == 403


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


def asked_for(tmp_path: Path, rule: Sandbox, **more: Any) -> Asked:
    """A sandbox for `true` in a folder `work`."""
    for name in ("work", "t", "person", "run.box", *(f"run.box/{name}" for name in sandbox.SEEN)):
        (tmp_path / name).mkdir(exist_ok=True)
    env = {"HOME": str(tmp_path / "person"), "PATH": "/usr/bin:/bin", "HTTPS_PROXY": "http://p.example:81"}
    work, temporary, box = (str(tmp_path / name) for name in ("work", "t", "run.box"))
    home = str(tmp_path / "home")
    return Asked(rule, ("/usr/bin/true",), env, work, temporary, box, home, **more)


def test_what_is_named_must_be_there(tmp_path: Path) -> None:
    """A file in the working directory may come later."""
    places.look(asked_for(tmp_path, Sandbox(write=("./later",))))
    with pytest.raises(ClodputerError, match="is not there"):
        places.look(asked_for(tmp_path, Sandbox(write=("~/nowhere",))))


def test_what_is_made_for_a_sandbox_is_undone(tmp_path: Path) -> None:
    """The folder `.claude` that holds the place is gone, or stays with what somebody has put into it meanwhile."""
    asked = asked_for(tmp_path, Sandbox(mode="strict"))
    made = places.look(asked).made
    assert made == (f"{asked.working_directory}/.claude",)
    os.mkdir(made[0])
    boxes.note(asked.box, {"made": made, "absent": [f"{asked.working_directory}/.mcp.json"]})
    for _ in range(2):
        boxes.put_away(asked.box)
    assert (os.listdir(asked.working_directory), os.path.exists(asked.box)) == ([], False)


def test_killed_while_it_is_made_and_undone(tmp_path: Path) -> None:
    """Before each step: afterwards nothing is left beside the working directory or in it, and no proxy."""
    program(tmp_path / "bin", "bwrap", "exit 1")
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    asked = asked_for(tmp_path, Sandbox(network={"hosts": ["a.example"]}))
    boxes.put_away(asked.box)
    token = {"path": asked.box}

    def make(*, undo: bool) -> None:
        sandbox.enter(token)
        enclose.enclose(asked, environ, "linux")
        if undo:
            sandbox.undo(token)

    for undo in (False, True):
        for step in range(1, 100):
            killed = killed_at(step, partial(make, undo=undo))
            sandbox.undo(token)
            assert (os.listdir(asked.working_directory), os.path.lexists(asked.box)) == ([], False), step
            if not killed:
                break
        assert 5 < step < 99


def test_macos_is_asked_by_a_profile(tmp_path: Path) -> None:
    """A fake `sandbox-exec` gets the profile and the command, whose proxy is at a port of the machine."""
    script = 'printf "%s\\n" "$2" >profile; [ "$1" = -p ] && [ "$3" = -- ] && shift 3 && exec "$@"'
    fake = program(tmp_path / "bin", "sandbox-exec", script)
    asked = asked_for(tmp_path, Sandbox(network={"hosts": ["a.example"]}))
    made = enclose.enclose(asked, {"PATH": f"{fake.parent}:/usr/bin:/bin"}, "darwin")
    try:
        assert (made.by, made.depth, made.prefix[0]) == ("sandbox-exec", 0, str(fake))
        work = asked.working_directory
        ended = subprocess.run(
            [*made.prefix, "/bin/sh", "-c", "echo $HTTPS_PROXY"],
            cwd=work,
            env=dict(made.env),
            capture_output=True,
        )
        port = ended.stdout.decode().strip().rpartition(":")[2]
        profile = Path(work, "profile").read_text()
        assert f'(allow network-outbound (remote ip "localhost:{port}"))' in profile
        assert f'(allow file-read* file-write* (subpath "{work}"))' in profile
        assert f'(deny file-write* (subpath "{work}/.claude"))' in profile
        assert f'(subpath "{tmp_path}/person")' not in profile
        assert f'(allow file-read* file-write* (subpath "{asked.box}/home"))' in profile
        assert made.env["HOME"] == f"{asked.box}/home"
        assert asked_status(port) == 502  # by way of the person's own proxy, which is not there
    finally:
        proxy.stop(asked.box)


def asked_status(port: str) -> int:
    return asked(int(port), "CONNECT", "a.example:443")[0]
