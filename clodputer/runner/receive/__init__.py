"""One connection of a webhook's sender: read a request, verify who sent it, write the event down, answer, and end.

The operating system's scheduler listens, and starts this for each connection (a socket unit of systemd, `Sockets` of launchd).
It runs no task: the event lies in `new/`, and what looks at that folder starts an exec.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from clodputer.model.errors import ClodputerError
from clodputer.model.webhook import http
from clodputer.model.webhook.http import Head, Refused
from clodputer.model.webhook.keys import APPROVE, HEALTH, Webhook, by_path
from clodputer.runner.receive import deliver, health
from clodputer.runner.receive.answer import Answer
from clodputer.store import context as contexts
from clodputer.store.context import Context

# In seconds: for the whole of a request however slowly it comes (GitHub waits 10 s, Slack 3 s), and for its answer.
PATIENCE, ANSWERING = 5.0, 2.0
# Refused requests are logged once in so many seconds, however many there are.
PAUSE = 60.0

# What a proxy adds for a sender beyond this machine.
_THROUGH_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def serve(connection: socket.socket, environ: Mapping[str, str], patience: float = PATIENCE) -> int:
    """Serve one connection; the status that was answered, 0 when there was nobody to answer. Never raises OSError.

    patience: how long the whole request may take to come, in seconds.
    """
    deadline = time.monotonic() + patience
    answer, method, status = Answer(400), "", 0
    with suppress(OSError):
        try:
            head, rest = _head(connection, deadline)
            method = head.method
            answer = _answer(connection, head, rest, deadline, environ)
        except Refused as refused:
            answer = Answer(refused.status, refused.message + "\n", refused.headers)
        except (TimeoutError, socket.timeout):
            answer = Answer(408, "the request took too long\n")
        except EOFError:
            answer = Answer(400, "the request is incomplete\n")
        connection.settimeout(ANSWERING)
        connection.sendall(
            http.answer(answer.status, answer.text, answer.headers, answer.kind, bodiless=method == "HEAD")
        )
        status = answer.status
    _close(connection)
    return status


def _close(connection: socket.socket) -> None:
    """End a connection such that the answer arrives: an unread rest would have it thrown away as a reset."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + 1.0
        while True:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            if time.monotonic() > deadline or not connection.recv(65536):
                break
    with suppress(OSError):
        connection.close()


def _receive(connection: socket.socket, deadline: float) -> bytes:
    """What comes next. Raises EOFError at the end, TimeoutError after the deadline, OSError."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    received = connection.recv(65536)
    if not received:
        raise EOFError
    return received


def _head(connection: socket.socket, deadline: float) -> tuple[Head, bytes]:
    received = b""
    while True:
        received += _receive(connection, deadline)
        found = http.head(received)
        if found is not None:
            return found


def _body(connection: socket.socket, head: Head, rest: bytes, deadline: float) -> bytes:
    if head.expects and len(rest) < head.length:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts, size = [rest], len(rest)
    while size < head.length:
        part = _receive(connection, deadline)
        parts.append(part)
        size += len(part)
    # What follows the body would be a second request, and this connection has but one.
    return b"".join(parts)[: head.length]


def _answer(
    connection: socket.socket, head: Head, rest: bytes, deadline: float, environ: Mapping[str, str]
) -> Answer:
    if head.path == HEALTH:
        if head.method not in ("GET", "HEAD"):
            raise Refused(405, "only GET", {"Allow": "GET, HEAD"})
        shy = any(name in head.headers for name in _THROUGH_A_PROXY) or not health.is_near(connection)
        return health.health(environ, time.time(), shy=shy)
    try:
        context = contexts.look(environ)
    except ClodputerError:
        # Why is told by every other command; a sender need not know.
        raise Refused(503, "this cannot be accepted now", {"Retry-After": "300"}) from None
    if head.path == APPROVE and context.settings.approve_link:
        return _by_link(context, head, time.time())
    webhook = by_path(context.settings.webhooks).get(head.path)
    if webhook is None:
        raise Refused(404, "there is nothing here")
    if head.method != "POST":
        raise Refused(405, "only POST", {"Allow": "POST"})
    try:
        return deliver.take(context, webhook, head, _body(connection, head, rest, deadline), time.time())
    except Refused as refused:
        _log_refused(context, webhook, refused, time.time())
        raise


def _by_link(context: Context, head: Head, now: float) -> Answer:
    # Imported for links alone: a delivery needs no task and no queue.
    from clodputer.runner.receive import link

    if head.method in ("GET", "HEAD"):
        return link.ask(context, head.query, now)
    if head.method == "POST":
        return link.decide(context, head.query, now)
    raise Refused(405, "only GET and POST", {"Allow": "GET, HEAD, POST"})


def _log_refused(context: Context, webhook: Webhook, refused: Refused, now: float) -> None:
    """Log a refused request, unless one was logged a moment ago: a stranger can send thousands."""
    mark = f"{context.home.ledger}/webhook.refused"
    with suppress(OSError):
        try:
            if abs(now - os.stat(mark).st_mtime) < PAUSE:
                return
        except FileNotFoundError:
            pass
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        os.utime(mark, (now, now))
        context.log(now, "refused", webhook=webhook.name, status=refused.status, message=refused.message)
