"""A loopback stand-in of the Gemini API, which gemini talks to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.fakes.other_apis import CACHED, INPUT, OUTPUT, OtherHandler, parts, sse
from tests.fakes.steps import Step


class GeminiHandler(OtherHandler):
    """One connection of gemini."""

    def conversation(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for content in body.get("contents") or []:
            pieces = content.get("parts") or []
            if content.get("role") == "model":
                found.append(("model", ""))
            elif any("functionResponse" in piece for piece in pieces):
                found.append(("tool", ""))
            else:
                found.append(("user", "\n".join(piece.get("text", "") for piece in pieces)))
        return found

    def stream(self, played: list[Step], body: dict[str, Any]) -> Iterator[bytes]:
        said = [
            {"text": what}
            if kind == "text"
            else {"functionCall": {"name": what[0], "args": what[1]}, "thoughtSignature": "c2lnbmF0dXJl"}
            for kind, what in parts(played)
        ]
        usage = {
            "promptTokenCount": INPUT,
            "cachedContentTokenCount": CACHED,
            "candidatesTokenCount": OUTPUT,
            "totalTokenCount": INPUT + OUTPUT,
        }
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": said}, "index": 0}
        yield sse({"candidates": [candidate]})
        ending = {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP", "index": 0}
        yield sse({"candidates": [ending], "usageMetadata": usage})

    def _error(self, status: int, message: str, extra: Any = None, kind: Any = None) -> None:
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
        error = {"code": status, "message": message, "status": names.get(status, "UNKNOWN")}
        self._json(status, {"error": error}, extra)
