"""What an agent's stream says, line by line, in words for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps, loads
from typing import Any, NamedTuple

# What a tool is asked to do, in the argument a person would look at first.
_TELLING = ("command", "file_path", "path", "pattern", "query", "url", "description", "prompt")


class Said(NamedTuple):
    """One thing that a stream tells: `kind` is the verb (starts, says, uses, ...), `text` is as the agent wrote it."""

    kind: str
    text: str


def read(line: bytes) -> list[Said]:
    """What one line of a run's stdout tells; nothing for events that a person need not see. Never raises."""
    text = line.decode("utf-8", "replace").strip()
    if not text:
        return []
    try:
        event = loads(text)
    except (ValueError, RecursionError):
        return [Said("prints", text)]
    return list(_told(event)) if isinstance(event, dict) and "type" in event else [Said("prints", text)]


def _told(event: Mapping[str, Any]) -> Iterator[Said]:
    kind, subtype = event["type"], event.get("subtype")
    if kind == "system" and subtype == "init":
        yield Said("starts", ", ".join(str(event[key]) for key in ("model", "cwd") if event.get(key)))
    elif kind == "system" and subtype == "api_retry":
        yield Said(
            "retries", f"attempt {event.get('attempt')} of {event.get('max_retries')}: {event.get('error')}"
        )
    elif kind == "assistant":
        for block in _blocks(event):
            if block.get("type") == "text" and str(block.get("text", "")).strip():
                yield Said("says", str(block["text"]))
            elif block.get("type") == "tool_use":
                yield Said("uses", f"{block.get('name')}: {_telling(block.get('input'))}")
    elif kind == "user":
        for block in _blocks(event):
            if block.get("type") == "tool_result":
                yield Said("fails" if block.get("is_error") else "gets", _content(block.get("content")))
    elif kind == "result":
        yield Said(
            "ends",
            str(event.get("result") or ", ".join(map(str, _list(event.get("errors")))) or subtype or ""),
        )


def _blocks(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return (block for block in _list(content) if isinstance(block, Mapping))


def _telling(arguments: Any) -> str:
    if not isinstance(arguments, Mapping):
        return str(arguments)
    return next((str(arguments[key]) for key in _TELLING if arguments.get(key)), dumps(arguments))


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(content)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
