"""One turn of the model as the Messages API says it: the whole message, or its server-sent events."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from tests.fakes.steps import Step

PIECE = 64 * 1024  # characters in one delta


def message(played: list[Step], model: str, prompt: str) -> dict[str, Any]:
    """The message that the steps of one turn describe; no steps: the story is over and the model says so."""
    blocks: list[dict[str, Any]] = []
    stop = "end_turn"
    usage = {"input": 100, "output": 20, "cache_read": 0, "cache_write": 0}
    for step in played:
        if step.name == "usage":
            usage.update({key: int(value) for key, value in step.options.items()})
        block = _block(step, prompt)
        if block is not None:
            blocks.append(block)
        if step.name == "max_tokens":
            stop = "max_tokens"
        elif step.name == "refuse":
            stop = "refusal"
    if any(block["type"] == "tool_use" for block in blocks):
        stop = "tool_use"
    if not blocks and not any(step.name in ("empty", "refuse") for step in played):
        blocks = [{"type": "text", "text": "done"}]
    return {
        "id": "msg_" + uuid.uuid4().hex[:24],
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage["input"],
            "output_tokens": usage["output"],
            "cache_creation_input_tokens": usage["cache_write"],
            "cache_read_input_tokens": usage["cache_read"],
            "service_tier": "standard",
        },
    }


def _block(step: Step, prompt: str) -> dict[str, Any] | None:
    if step.name == "say":
        return _said(step.text)
    if step.name == "echo":
        return _said(prompt)
    if step.name == "big":
        return _said(big(int(step.words[0])))
    if step.name == "max_tokens":
        return _said("and so on")
    if step.name == "bash":
        return _call("Bash", {"command": step.text, "description": "a step of the test"})
    if step.name == "tool":
        return _call(step.words[0], step.data)
    if step.name == "mcp":
        return _call(f"mcp__{step.words[0]}__{step.words[1]}", step.data)
    if step.name == "structured":
        return _call("StructuredOutput", step.data)
    return None


def _said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _call(name: str, given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_" + uuid.uuid4().hex[:22], "name": name, "input": given}


def big(size: int) -> str:
    """A reply of exactly so many bytes."""
    line = "The quick brown fox jumps over the lazy dog while nobody watches it.\n"
    return (line * (size // len(line) + 1))[:size]


def events(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same message as the API streams it."""
    start = {**whole, "content": [], "stop_reason": None}
    start["usage"] = {**whole["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(whole["content"]):
        if block["type"] == "text":
            empty, text, kind, key = {**block, "text": ""}, block["text"], "text_delta", "text"
        else:
            empty, text = {**block, "input": {}}, json.dumps(block["input"])
            kind, key = "input_json_delta", "partial_json"
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        for at in range(0, len(text), PIECE):
            piece = {"type": kind, key: text[at : at + PIECE]}
            yield {"type": "content_block_delta", "index": index, "delta": piece}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": whole["usage"]["output_tokens"]},
    }
    yield {"type": "message_stop"}


def sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
