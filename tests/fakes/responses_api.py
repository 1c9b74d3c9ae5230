"""A loopback stand-in of the Responses API, which codex talks to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.fakes.other_apis import CACHED, INPUT, OUTPUT, OtherHandler, parts, sse
from tests.fakes.steps import Step

_numbers = count(1)


class ResponsesHandler(OtherHandler):
    """One connection of codex."""

    def conversation(self, body: dict[str, Any]) -> list[tuple[str, str]]:
        found = []
        for item in body.get("input") or []:
            kind, role = item.get("type", "message"), item.get("role")
            if kind == "message" and role == "user":
                found.append(("user", "\n".join(part.get("text", "") for part in item.get("content") or [])))
            elif (kind == "message" and role == "assistant") or kind.endswith("_call"):
                found.append(("model", ""))
            elif kind.endswith("_call_output"):
                found.append(("tool", ""))
        return found

    def stream(self, played: list[Step], body: dict[str, Any]) -> Iterator[bytes]:
        name = f"resp_{next(_numbers)}"
        yield self._event("response.created", response={"id": name})
        for kind, what in parts(played):
            number = next(_numbers)
            if kind == "text":
                item = {
                    "type": "message",
                    "role": "assistant",
                    "id": f"msg_{number}",
                    "content": [{"type": "output_text", "text": what}],
                }
            else:
                item = {
                    "type": "function_call",
                    "id": f"fc_{number}",
                    "call_id": f"call_{number}",
                    "name": what[0],
                    "arguments": json.dumps(what[1]),
                }
            yield self._event("response.output_item.done", output_index=0, item=item)
        usage = {
            "input_tokens": INPUT,
            "input_tokens_details": {"cached_tokens": CACHED},
            "output_tokens": OUTPUT,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT + OUTPUT,
        }
        yield self._event("response.completed", response={"id": name, "usage": usage})

    def _event(self, kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, kind)
