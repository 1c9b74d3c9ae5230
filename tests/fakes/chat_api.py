"""A loopback stand-in of the Chat Completions API, which opencode talks to with a provider of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.fakes.other_apis import CACHED, INPUT, OUTPUT, OtherHandler, parts, sse
from tests.fakes.steps import Step

_numbers = count(1)


class ChatHandler(OtherHandler):
    """One connection of opencode."""

    def conversation(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for message in body.get("messages") or []:
            content = message.get("content")
            if isinstance(content, list):
                content = "\n".join(part.get("text", "") for part in content)
            who = {"user": "user", "assistant": "model", "tool": "tool"}.get(str(message.get("role")))
            if who:
                found.append((who, content or ""))
        return found

    def stream(self, played: list[Step], body: dict[str, Any]) -> Iterator[bytes]:
        reason = "stop"
        for index, (kind, what) in enumerate(parts(played)):
            delta: dict[str, Any] = {"role": "assistant", "content": what}
            if kind == "call":
                reason = "tool_calls"
                function = {"name": what[0], "arguments": json.dumps(what[1])}
                call = {"index": index, "id": f"call_{next(_numbers)}", "type": "function"}
                delta = {"role": "assistant", "tool_calls": [{**call, "function": function}]}
            yield self._chunk([{"index": 0, "delta": delta}])
        yield self._chunk([{"index": 0, "delta": {}, "finish_reason": reason}])
        usage = {
            "prompt_tokens": INPUT,
            "completion_tokens": OUTPUT,
            "total_tokens": INPUT + OUTPUT,
            "prompt_tokens_details": {"cached_tokens": CACHED},
        }
        yield self._chunk([], usage=usage)
        yield b"data: [DONE]\n\n"

    def _chunk(self, choices: list[Any], **more: Any) -> bytes:
        head = {"id": "chat", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return sse({**head, "choices": choices, **more})
