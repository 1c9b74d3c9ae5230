"""One connection of a webhook's sender: what is answered, and that an event lies in `new/` before it is."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Optional

import pytest

from clodputer.model.webhook.http import LARGEST_BODY
from clodputer.runner import receive
from clodputer.runner.receive import deliver
from clodputer.store.home import Home
from clodputer.store.triggers import deliveries
from tests.workshop import command_task, execute, records

SECRET = "a secret of github"
BODY = b'{"action": "opened", "title": "\xc3\xbc"}'


@pytest.fixture
def hooked(home: Home) -> Home:
    """A home with two webhooks."""
    Path(home.config).write_text(
        "webhooks:\n"
        "  github: {kind: github, secret: '{{ env.HOOK }}', events: [issues]}\n"
        "  chat: {kind: slack, secret: ['{{ env.NEW }}', '{{ env.OLD }}'], path: /talk}\n"
        "  bare: {kind: generic, secret: '{{ env.ABSENT }}'}\n"
    )
    Path(home.secrets).write_text(f"HOOK={SECRET}\nOLD=another secret\n")
    os.chmod(home.secrets, 0o600)
    return home


def post(
    body: bytes = BODY, path: str = "/hook/github", length: Optional[int] = None, **headers: str
) -> bytes:
    """A request as GitHub sends it; underscores in names of headers stand for `-`."""
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    fields = {
        "Host": "127.0.0.1:8787",
        "Content-Type": "application/json",
        "Content-Length": str(len(body) if length is None else length),
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "d1",
        "X-Hub-Signature-256": f"sha256={signed}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def served(
    home: Home, *parts: bytes, ends: bool = True, patience: float = 60.0
) -> tuple[int, dict[str, str], bytes]:
    """What a sender gets that sends these parts: status, headers and body of the answer."""
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=receive.serve, args=(ours, {"CLODPUTER_HOME": home.root}, patience))
    serving.start()
    with theirs:
        for part in parts:
            theirs.sendall(part)
        if ends:
            theirs.shutdown(socket.SHUT_WR)
        theirs.settimeout(60)
        answer = b"".join(iter(lambda: theirs.recv(65536), b""))
    serving.join()
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), dict(line.split(": ", 1) for line in lines[1:]), body


def events(home: Home) -> list[dict[str, object]]:
    """What lies in `new/`."""
    return [json.loads(path.read_text()) for path in sorted(Path(home.new).iterdir())]


def test_a_delivery_becomes_one_event(hooked: Home) -> None:
    for parts in ([post()], [post()[:50], post()[50:]], [post(X_GitHub_Event="ping")]):
        assert served(hooked, *parts)[0] == 202
    assert events(hooked) == [
        {
            "from": "github",
            "type": "issues.opened",
            "dedupe_key": "d1",
            "payload": {"action": "opened", "title": "ü"},
        }
    ]
    # Also when it was taken in meanwhile.
    for path in Path(hooked.new).iterdir():
        path.unlink()
    assert served(hooked, post())[2] == b"known already\n"
    assert events(hooked) == []
    assert "github" in deliveries.last(hooked)
    logged = Path(hooked.log).read_text()
    assert '"event": "webhook"' in logged
    assert SECRET not in logged


def test_a_delivery_starts_a_task_by_a_route(hooked: Home) -> None:
    with Path(hooked.config).open("a") as config:
        config.write("routes: [{from: github, type: issues.opened, to: triage}]\n")
    command_task(hooked, "triage", "echo", "well")
    body = b'{"action": "opened", "title": "no", "repository": {"full_name": "o/r"}, "issue": {"number": 7}}'
    assert served(hooked, post(body))[0] == 202
    execute(hooked)
    (record,) = records(hooked, "triage")
    assert (record["outcome"], record["item"]) == ("succeeded", "o/r#7")


def test_what_was_written_and_not_noted_stays_one(hooked: Home) -> None:
    """A kill between the two steps: the sender, who had no answer, sends it again."""
    assert served(hooked, post())[0] == 202
    os.unlink(deliveries.path(hooked, "github", "d1"))
    assert served(hooked, post())[2] == b"accepted\n"
    assert len(events(hooked)) == 1


def test_a_secret_is_changed_without_a_gap(hooked: Home) -> None:
    now = str(int(time.time()))
    body = b'{"type": "url_verification", "challenge": "say this"}'
    signed = hmac.new(b"another secret", f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
    request = post(body, "/talk", X_Slack_Request_Timestamp=now, X_Slack_Signature=f"v0={signed}")
    status, _, answer = served(hooked, request)
    assert (status, answer) == (200, b"say this")
    assert events(hooked) == []


REFUSED = {
    "changed": (post().replace(b"opened", b"closed"), 401),
    "unsigned": (post().replace(b"X-Hub", b"X-Hug"), 401),
    "nowhere": (post(path="/hook/other"), 404),
    "root": (post(path="/"), 404),
    "no secret": (post(path="/hook/bare"), 503),
    "get": (b"GET /hook/github HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    "put": (post().replace(b"POST", b"PUT"), 405),
    "half a character": (post(b'{"a": "\\ud800"}', X_GitHub_Delivery="d2"), 400),
    "not JSON": (post(b"{", X_GitHub_Delivery="d2"), 400),
    "form": (post(Content_Type="application/x-www-form-urlencoded"), 415),
    "too large": (post(b"", length=LARGEST_BODY + 1), 413),
    "chunked": (post(Transfer_Encoding="chunked"), 411),
    "cut off": (post()[:-3], 400),
    "nothing": (b"", 400),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    "health by post": (post(path="/healthz"), 405),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(hooked: Home, name: str) -> None:
    request, status = REFUSED[name]
    assert served(hooked, request)[0] == status
    assert events(hooked) == []


def test_refusals_are_logged_once_a_minute(hooked: Home) -> None:
    for _ in range(5):
        served(hooked, REFUSED["changed"][0])
    assert Path(hooked.log).read_text().count('"event": "refused"') == 1


def test_an_answer_arrives_although_the_body_was_not_read(hooked: Home) -> None:
    """A connection that is closed with something unread is reset, and the sender would see no answer."""
    big = post(b"", length=LARGEST_BODY + 1)
    assert served(hooked, big, b"x" * 500_000)[0] == 413


def test_a_slow_sender_is_given_up(hooked: Home) -> None:
    for request in (post()[:20], post()[:-3], b""):
        assert served(hooked, request, ends=False, patience=0.2)[0] == 408
    assert events(hooked) == []


def test_a_sender_that_waits_is_asked_to_go_on(hooked: Home) -> None:
    head, _, body = post(Expect="100-continue").partition(b"\r\n\r\n")
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=receive.serve, args=(ours, {"CLODPUTER_HOME": hooked.root}))
    serving.start()
    with theirs:
        theirs.sendall(head + b"\r\n\r\n")
        theirs.settimeout(60)
        assert theirs.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        theirs.sendall(body)
        assert theirs.recv(65536).startswith(b"HTTP/1.1 202 ")
    serving.join()


def test_a_sender_that_is_gone_does_no_harm(hooked: Home) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(post())
    theirs.close()
    assert receive.serve(ours, {"CLODPUTER_HOME": hooked.root}) in (0, 202)
    assert len(events(hooked)) == 1


def test_what_cannot_be_written_down_is_not_accepted(hooked: Home, mortal: None) -> None:
    os.chmod(hooked.new, 0o500)
    try:
        status, headers, _ = served(hooked, post())
        assert (status, "Retry-After" in headers) == (503, True)
        assert json.loads(served(hooked, b"GET /healthz HTTP/1.0\r\n\r\n")[2])["spool_writable"] is False
    finally:
        os.chmod(hooked.new, 0o700)


def test_a_full_spool_asks_for_patience(hooked: Home) -> None:
    for number in range(deliver.MOST_WAITING):
        Path(hooked.new, f"{number}.json").touch()
    status, headers, _ = served(hooked, post())
    assert (status, headers["Retry-After"]) == (429, "60")
    assert served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 503
    # A delivery that is here already is answered as ever.
    deliveries.keep(hooked, "github", "d1")
    assert served(hooked, post())[0] == 202


def test_health(hooked: Home) -> None:
    status, _, body = served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, json.loads(body)["ok"]) == (200, True)
    assert json.loads(body)["sweep_age_seconds"] is None
    execute(hooked)
    swept = json.loads(served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")[2])["sweep_age_seconds"]
    assert 0 <= swept < 600
    os.utime(Path(hooked.ledger, "swept"), (1.0, 1.0))
    execute(hooked)
    again = json.loads(served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")[2])["sweep_age_seconds"]
    assert 0 <= again < 600
    stale = Path(hooked.new, "old.json")
    stale.touch()
    os.utime(stale, (1.0, 1.0))
    status, _, body = served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, json.loads(body)["problem"]) == (503, "no exec takes in requests")
    # To a stranger behind a proxy no figures are told.
    assert served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\nVia: 1.1 p\r\n\r\n")[2] == b"not ok\n"
    assert served(hooked, b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")[2] == b""


def test_a_broken_home_refuses_politely(hooked: Home) -> None:
    Path(hooked.config).write_text("webhooks: nonsense\n")
    status, _, body = served(hooked, post())
    assert (status, body) == (503, b"this cannot be accepted now\n")
    # Nothing else would tell whoever watches: as nothing is accepted, nothing grows old in the spool.
    status, _, body = served(hooked, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (status, json.loads(body)["ok"], json.loads(body)["spool_writable"]) == (503, False, True)
    assert "config_invalid" in json.loads(body)["problem"]
