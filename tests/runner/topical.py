"""A server of ntfy on loopback, its messages with signed webhooks, and polls of a topic, for tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Optional

from clodputer.runner.topics import ask, known
from clodputer.store.context import look
from clodputer.store.home import Home
from tests.listener import Listener, answering
from tests.workshop import environment

SECRET = "a secret of the sender"


def envelope(number: int, secret: str = SECRET, at: Optional[float] = None, **more: Any) -> str:
    """The text of a message, signed as Standard Webhooks are."""
    body = json.dumps({"type": "deployed", "number": number})
    stamp = str(int(time.time() if at is None else at))
    signed = hmac.new(secret.encode(), f"msg-{number}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    headers = {
        "Webhook-Id": f"msg-{number}",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    return json.dumps({"headers": headers, "body": body, **more})


def line(number: int, text: Optional[str] = None, at: Optional[float] = None, **more: Any) -> bytes:
    """A message as the server tells it."""
    moment = time.time() if at is None else at
    fields = {
        "id": f"id{number}",
        "time": int(moment),
        "event": "message",
        "topic": "t",
        "message": envelope(number, at=moment) if text is None else text,
        **more,
    }
    return json.dumps(fields).encode() + b"\n"


class Topic:
    """What a server of ntfy has: its lines, of which those after `since` are told."""

    def __init__(self, server: Listener) -> None:
        self.server, self.lines = server, list[bytes]()
        server.answer = self.tell

    def tell(self, handler: BaseHTTPRequestHandler) -> None:
        since = handler.path.rpartition("since=")[2]
        ids = [json.loads(one).get("id") if one.startswith(b"{") else "" for one in self.lines]
        after = self.lines[ids.index(since) + 1 :] if since in ids else self.lines
        answering(200, {}, b"".join(after))(handler)

    def asked(self) -> list[str]:
        """What was asked, each time."""
        return [got.path for got in self.server.got]


def poll(home: Home) -> None:
    """A round in this process, of a topic that is due."""
    before = known.read(home, "ci")
    if before:
        known.write(home, "ci", {**before, "next": 0})
    ask.poll(look(environment(home)))


def came(home: Home) -> list[int]:
    """The numbers of the events that lie in `new/`."""
    files = Path(home.new).glob("*.event.json")
    return sorted(json.loads(path.read_text())["payload"]["number"] for path in files)
