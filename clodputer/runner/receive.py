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
from hashlib import sha256
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.event import ENDING, InvalidEvent, from_fields
from clodputer.model.webhook import delivery, http, signature
from clodputer.model.webhook.http import Head, Refused
from clodputer.model.webhook.keys import HEALTH, Webhook, by_path
from clodputer.store import atomic, deliveries
from clodputer.store import context as contexts
from clodputer.store import home as homes
from clodputer.store.context import Context
from clodputer.store.spool import count, idle, layout

# In seconds: for the whole of a request however slowly it comes (GitHub waits 10 s, Slack 3 s), and for its answer.
PATIENCE, ANSWERING = 5.0, 2.0
# While more than this waits to be taken in, a sender is asked to come again later.
MOST_WAITING = 1000
# A drop that has lain for so long is taken in by nobody, in seconds: the sweep comes every few minutes.
STALE = 1800.0
# Refused requests are logged once in so many seconds, however many there are.
PAUSE = 60.0

# What a proxy adds for a sender beyond this machine.
_THROUGH_A_PROXY = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Answer(NamedTuple):
    """What the sender gets. kind: its content type."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = {}
    kind: str = "text/plain; charset=utf-8"


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
            answer = Answer(400, "the request is not whole\n")
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
        return health(environ, time.time(), shy=any(name in head.headers for name in _THROUGH_A_PROXY))
    try:
        context = contexts.look(environ)
    except ClodputerError:
        # Why is told by every other command; a sender need not know.
        raise Refused(503, "this cannot be taken now", {"Retry-After": "300"}) from None
    webhook = by_path(context.settings.webhooks).get(head.path)
    if webhook is None:
        raise Refused(404, "there is nothing here")
    if head.method != "POST":
        raise Refused(405, "only POST", {"Allow": "POST"})
    try:
        return take(context, webhook, head, _body(connection, head, rest, deadline), time.time())
    except Refused as refused:
        _log_refused(context, webhook, refused, time.time())
        raise


def take(context: Context, webhook: Webhook, head: Head, body: bytes, now: float) -> Answer:
    """Take in one request: 202 when its event lies durably in `new/`, or came before. Raises Refused.

    The event is written first and noted as known afterwards. Whoever is killed in between takes a repeated delivery once more,
    and the dedupe key of the event keeps the two one.
    """
    secrets = [context.secrets[name] for name in webhook.secrets if context.secrets.get(name)]
    given = signature.verify(webhook.kind, secrets, head.headers, body, now)
    found = delivery.read(webhook.kind, given, head.headers, body)
    if found.challenge:
        return Answer(200, found.challenge)
    if not delivery.wanted(webhook.kind, found.type, webhook.events):
        return Answer(202, "not wanted\n")
    try:
        if deliveries.is_known(context.home, webhook.name, found.id):
            return Answer(202, "known already\n")
        if idle.count_drops(context.home) >= MOST_WAITING:
            raise Refused(429, "too much is waiting here", {"Retry-After": "60"})
        fields = {
            "from": webhook.name,
            "type": webhook.type or found.type,
            "dedupe_key": found.id,
            **({"item": found.item} if found.item else {}),
        }
        _check({**fields, "payload": found.payload})
        # The body as it came: written anew in ASCII it could be six times as long.
        event = dumps(fields).encode()[:-1] + b', "payload": ' + body.strip() + b"}\n"
        name = f"{webhook.name}.{sha256(found.id.encode('utf-8', 'replace')).hexdigest()[:16]}{ENDING}"
        atomic.write(f"{context.home.new}/{name}", event, through=context.home.tmp)
        deliveries.keep(context.home, webhook.name, found.id)
    except OSError as error:
        message = f"this cannot be written down: {error.strerror or type(error).__name__}"
        raise Refused(503, message, {"Retry-After": "60"}) from None
    with suppress(OSError):
        context.log(now, "webhook", webhook=webhook.name, type=fields["type"], delivery=found.id)
    return Answer(202, "accepted\n")


def _check(fields: Mapping[str, Any]) -> None:
    """Refuse now, while the sender can hear of it, what intake would reject. Raises Refused."""
    try:
        from_fields(fields, "0000")
    except InvalidEvent as error:
        raise Refused(400, f"this makes no event: {error}") from None


def health(environ: Mapping[str, str], now: float, *, shy: bool) -> Answer:
    """Whether webhooks can be taken, and what waits. shy: it is said to somebody beyond this machine, who learns no figures."""
    home = homes.locate(environ)
    oldest, queued, problem = 0.0, 0, ""
    try:
        if not homes.usable(home) or not os.access(home.new, os.W_OK | os.X_OK):
            problem = "the spool cannot be written to"
        else:
            dropped = [entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(home.new)]
            oldest = max(0.0, now - min(dropped, default=now))
            lanes = layout.lanes(home)
            queued = sum(count.in_lane(home, lane).queued for lane in lanes)
            problem = "nothing takes in what is dropped" if oldest > STALE else ""
    except OSError as error:
        problem = f"the spool cannot be read: {error.strerror or type(error).__name__}"
    status = 503 if problem else 200
    if shy:
        return Answer(status, "ok\n" if status == 200 else "not ok\n")
    fields = {
        "ok": not problem,
        "problem": problem or None,
        "spool_writable": not problem.startswith("the spool"),
        "oldest_drop_seconds": round(oldest),
        "queued": queued,
    }
    return Answer(status, dumps(fields) + "\n", kind="application/json")


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
