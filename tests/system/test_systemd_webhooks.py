"""Webhooks by a real socket unit of systemd: one process for each connection, many at once, and none that stays."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shlex
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clodputer.schedulers.unit import WEBHOOKS, Alarm, Frame
from clodputer.store.home import Home
from tests.systemd_lab import Lab, install, ours, put, until_state
from tests.wait import until
from tests.workshop import ROOT

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("systemd"),
]

SECRET = "a secret of github"
MANY = 200
# An address of this machine that nobody else uses, so that nobody takes the port before systemd has it.
HOST = f"127.77.{os.getpid() % 250 + 1}.1"
UNIT = "clodputer-webhooks.socket"


def post(delivery: str, body: bytes = b'{"action": "opened"}', *, length: int = -1) -> bytes:
    """A request as GitHub sends it."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return (
        f"POST /hook/github HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-GitHub-Event: issues\r\n"
        f"X-GitHub-Delivery: {delivery}\r\nX-Hub-Signature-256: sha256={signature}\r\n"
        f"Content-Length: {len(body) if length < 0 else length}\r\n\r\n"
    ).encode() + body


def ask(port: int, request: bytes) -> int:
    """The status of the answer."""
    with socket.create_connection((HOST, port), timeout=600) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split(b" ", 2)[1])


def listening(lab: Lab, frame: Frame) -> int:
    """Install a socket unit that starts the real program; the port on which it listens."""
    home = Home(frame.home)
    Path(home.config).write_text("webhooks: {github: {kind: github, secret: '{{ env.HOOK }}'}}\n")
    secrets = Path(home.secrets)
    secrets.write_text(f"HOOK={SECRET}\n")
    secrets.chmod(0o600)
    words = [sys.executable, "-X", "utf8", "-m", "clodputer"]
    # `receive` itself, in the environment that the unit gives it.
    program = " ".join(map(shlex.quote, words))
    Path(frame.shim).write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {program} "$@"\n')
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
    install(frame, Alarm(WEBHOOKS, listen=(HOST, port)))
    until_state(lab, UNIT, "active")
    return port


def test_webhooks(lab: Lab, frame: Frame) -> None:
    home = Home(frame.home)
    port = listening(lab, frame)
    new = Path(home.new)
    # Valid, sent again, tampered with, too large, not ours at all.
    assert ask(port, post("d1")) == 202
    assert ask(port, post("d1")) == 202
    assert ask(port, post("d2").replace(b"opened", b"closed")) == 401
    assert ask(port, post("d3", b"", length=2_000_000)) == 413
    assert ask(port, b"\x16\x03\x01") == 400
    assert ask(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    assert [json.loads(path.read_text())["dedupe_key"] for path in new.iterdir()] == ["d1"]

    # Silent ones hold up nobody, and are answered in the end.
    silent = [socket.create_connection((HOST, port), timeout=600) for _ in range(8)]
    assert ask(port, post("d4")) == 202
    for connection in silent:
        with connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 408 ")

    # Many at once: more than systemd starts by default before it stops to listen.
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda number: ask(port, post(f"many-{number}")), range(MANY)))
    assert answers == [202] * MANY
    assert len(list(new.iterdir())) == MANY + 2
    until_state(lab, UNIT, "active")
    until(
        lambda: "clodputer-webhooks@" not in lab.systemctl("list-units", "--all", "--no-legend", "--plain"),
        message="a service of a connection stays",
    )

    # What is taken away is gone, and the port with it.
    put(frame, [])
    assert ours(lab) == []
    with pytest.raises(ConnectionRefusedError):
        ask(port, post("d5"))
