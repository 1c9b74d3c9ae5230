"""How the stand-in of the Messages API answers one connection: turns, errors, limits, silence and broken wires."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from tests.fakes import replies, steps
from tests.fakes.steps import Step

if TYPE_CHECKING:
    from tests.fakes.messages_api import Api

ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
WINDOWS = {"five_hour": "5h", "seven_day": "7d"}


class Gone(Exception):
    """The other side hung up, or we are closing."""


@dataclass(frozen=True)
class Request:
    """One request as it arrived; `body` is whole, `line()` is what the log keeps."""

    method: str
    path: str
    auth: str  # "api_key", "bearer" or "none"; never the value
    session: str
    body: dict[str, Any]
    prompt: str
    turn: int  # how many turns the model had had since the prompt
    answer: str  # the step that answered it

    def line(self) -> dict[str, Any]:
        return {
            "method": self.method,
            "path": self.path,
            "auth": self.auth,
            "session": self.session,
            "model": self.body.get("model"),
            "stream": bool(self.body.get("stream")),
            "system": bool(self.body.get("system")),
            "turn": self.turn,
            "answer": self.answer,
            "prompt": self.prompt[:200],
        }


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Api

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
        """The requests are kept as data; nothing is printed."""

    def end_headers(self) -> None:
        """Say that the connection ends with this answer, when it does: who keeps it for another would lose that one."""
        if self.close_connection:
            self.send_header("connection", "close")
        super().end_headers()

    def do_GET(self) -> None:
        self._unknown_path()

    def do_HEAD(self) -> None:
        self._unknown_path()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        if path not in ("/v1/messages", "/v1/messages/count_tokens"):
            self._unknown_path()
            return
        try:
            body = json.loads(raw)
            messages = body.get("messages") or []
        except (ValueError, AttributeError):
            self._error(400, "the request is not JSON object")
            return
        if path.endswith("count_tokens"):
            self._note(body, "", 0, "count_tokens")
            self._json(200, {"input_tokens": len(raw) // 4})
            return
        index, prompt, turn = steps.prompt_of(messages)
        try:
            played = self.server.play(self._session(), index, prompt, turn)
        except steps.BadStep as error:
            self._note(body, prompt, turn, "bad_step")
            self._error(400, str(error))
            return
        self._note(body, prompt, turn, played[-1].name if played else "done")
        self._answer(played, prompt, body)

    def _unknown_path(self) -> None:
        self._note({}, "", 0, "not_found")
        self._error(404, "the stand-in has no such path")

    def _note(self, body: dict[str, Any], prompt: str, turn: int, answer: str) -> None:
        self.server.note(
            Request(self.command, self.path, self._auth(), self._session(), body, prompt, turn, answer)
        )

    def _auth(self) -> str:
        if self.headers.get("x-api-key"):
            return "api_key"
        return "bearer" if (self.headers.get("authorization") or "").startswith("Bearer ") else "none"

    def _session(self) -> str:
        return self.headers.get("x-claude-code-session-id") or ""

    def _answer(self, played: list[Step], prompt: str, body: dict[str, Any]) -> None:
        limits = unified("allowed", time.time() + 3600, "five_hour", 0.1)
        for step in played:
            if step.name == "mark":
                Path(step.text).touch()
            elif step.name == "wait":
                self._wait(partial(os.path.exists, step.text))
            elif step.name == "pause":
                self._wait(partial(_passed, time.monotonic() + float(step.words[0])))
            elif step.name == "warn":
                resets = time.time() + step.number("resets_in", 3600)
                kind = step.options.get("type", "five_hour")
                limits = unified("allowed_warning", resets, kind, step.number("utilization", 0.9))
        trouble: Callable[[Step], None] | None = (
            getattr(self, "_do_" + played[-1].name, None) if played else None
        )
        if trouble is not None:
            trouble(played[-1])
        else:
            whole = replies.message(played, str(body.get("model")), prompt)
            self._turn(whole, bool(body.get("stream")), limits if self._auth() == "bearer" else {})

    def _turn(self, whole: dict[str, Any], stream: bool, extra: dict[str, str]) -> None:
        if stream:
            self._head(200, "text/event-stream", extra)
            self._pieces(map(replies.sse, replies.events(whole)))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._json(200, whole, extra)

    # Troubles: one method per step.

    def _do_status(self, step: Step) -> None:
        status = int(step.words[0])
        names = {"retry_after": "retry-after", "should_retry": "x-should-retry"}
        extra = {header: step.options[key] for key, header in names.items() if key in step.options}
        self._error(
            status, step.options.get("message", f"the test said {status}"), extra, step.options.get("type")
        )

    def _do_limit(self, step: Step) -> None:
        resets = step.number("resets_at", time.time() + step.number("resets_in", 3600))
        extra = unified("rejected", resets, step.options.get("type", "five_hour"), 1.0)
        extra["retry-after"] = str(max(0, int(resets - time.time())))
        self._error(
            429, "This request would exceed your account's rate limit. Please try again later.", extra
        )

    def _do_hang(self, step: Step) -> None:
        if "after-headers" in step.words:
            self._head(200, "text/event-stream")
        self._wait(lambda: False)

    def _do_stall(self, step: Step) -> None:
        self._half()
        self._wait(lambda: False)

    def _do_cut(self, step: Step) -> None:
        self._half()
        raise Gone

    def _do_reset(self, step: Step) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone

    def _do_garbage(self, step: Step) -> None:
        page = b"<html><body><h1>Welcome to the hotel network</h1></body></html>\n"
        self._whole(200, "text/html" if "html" in step.words else "text/event-stream", page)

    # The wire.

    def _half(self) -> None:
        """The first half of a streamed reply."""
        whole = replies.message([Step("say", text="half a sen")], "stand-in", "")
        self._head(200, "text/event-stream")
        self._pieces(replies.sse(event) for event in list(replies.events(whole))[:3])

    def _wait(self, over: Callable[[], bool]) -> None:
        """Until it is over; Gone when the client hangs up or the server stops."""
        while not over():
            if select.select([self.connection], [], [], 0.02)[0] and not self.connection.recv(
                1, socket.MSG_PEEK
            ):
                raise Gone

    def _error(
        self, status: int, message: str, extra: Optional[dict[str, str]] = None, kind: Optional[str] = None
    ) -> None:
        error = {"type": kind or ERRORS.get(status, "api_error"), "message": message}
        self._json(status, {"type": "error", "error": error}, extra)

    def _json(self, status: int, body: dict[str, Any], extra: Optional[dict[str, str]] = None) -> None:
        self._whole(status, "application/json", json.dumps(body).encode(), extra)

    def _whole(self, status: int, kind: str, body: bytes, extra: Optional[dict[str, str]] = None) -> None:
        self._head(status, kind, {**(extra or {}), "content-length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, kind: str, extra: Optional[dict[str, str]] = None) -> None:
        headers = {"content-type": kind, "request-id": "req_stand_in", **(extra or {})}
        if "content-length" not in headers:
            headers["transfer-encoding"] = "chunked"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _pieces(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()


def _passed(moment: float) -> bool:
    return time.monotonic() >= moment


def unified(status: str, resets: float, kind: str, utilization: float) -> dict[str, str]:
    """The headers by which a subscription is told how much of its limits is used."""
    prefix, at = "anthropic-ratelimit-unified-", str(int(resets))
    headers = {
        prefix + "status": status,
        prefix + "reset": at,
        prefix + "representative-claim": kind,
        prefix + "fallback-percentage": "0.5",
        prefix + "overage-status": "rejected",
        prefix + "overage-disabled-reason": "org_level_disabled",
    }
    for name, short in WINDOWS.items():
        mine = name == kind
        headers[f"{prefix}{short}-status"] = status if mine else "allowed"
        headers[f"{prefix}{short}-reset"] = at
        headers[f"{prefix}{short}-utilization"] = str(utilization if mine else 0.1)
    return headers
