"""What an agent's stream says, line by line, in words for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps, loads
from typing import Any, NamedTuple, Optional

from clodputer.agents.lines import items

# What a tool is asked to do, in the argument a person would look at first.
_TELLING = ("command", "file_path", "path", "pattern", "query", "url", "description", "prompt")


class Said(NamedTuple):
    """One thing that a stream tells: `kind` is the verb (starts, says, uses, ...), `text` is as the agent wrote it.

    more: for a tool call, the arguments that `text` leaves out, one to a line.
    """

    kind: str
    text: str
    more: str = ""


def read(line: bytes) -> list[Said]:
    """What one line of a run's stdout tells; nothing for events that a person need not see. Never raises."""
    known = event(line)
    if known is not None:
        return list(told(known))
    text = line.decode("utf-8", "replace").strip()
    return [Said("prints", text)] if text else []


def event(line: bytes) -> Optional[dict[str, Any]]:
    """The event on a line; None when there is something else, or nothing. Never raises."""
    try:
        value = loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "type" in value else None


def told(event: Mapping[str, Any]) -> Iterator[Said]:
    """What an event tells."""
    kind, subtype = event["type"], event.get("subtype")
    if kind == "system" and subtype == "init":
        yield Said("starts", ", ".join(str(event[key]) for key in ("model", "cwd") if event.get(key)))
    elif kind == "system" and subtype == "api_retry":
        yield Said(
            "retries", f"attempt {event.get('attempt')} of {event.get('max_retries')}: {event.get('error')}"
        )
    elif kind == "system" and subtype == "permission_denied":
        yield Said("denied", f"{event.get('tool_name')}: {event.get('message') or 'not allowed'}")
    elif kind == "assistant":
        for block in _blocks(event):
            if block.get("type") == "text" and str(block.get("text", "")).strip():
                yield Said("says", str(block["text"]))
            elif block.get("type") == "tool_use":
                key, text = _telling(block.get("input"))
                yield Said("uses", f"{block.get('name')}: {text}", _further(block.get("input"), key))
    elif kind == "user":
        for block in _blocks(event):
            if block.get("type") == "tool_result":
                yield Said("fails" if block.get("is_error") else "gets", _content(block.get("content")))
    elif kind == "result":
        yield Said(
            "ends",
            str(event.get("result") or ", ".join(map(str, items(event.get("errors")))) or subtype or ""),
        )


def _blocks(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return (block for block in items(content) if isinstance(block, Mapping))


def _telling(arguments: Any) -> tuple[str, str]:
    """The argument that a person would look at first, and its value; without one, all of them."""
    if not isinstance(arguments, Mapping):
        return "", str(arguments)
    for key in _TELLING:
        if arguments.get(key):
            return key, str(arguments[key])
    return "", dumps(arguments)


def _further(arguments: Any, told: str) -> str:
    if not (told and isinstance(arguments, Mapping)):
        return ""
    return "\n".join(
        f"{key}: {value if isinstance(value, str) else dumps(value)}"
        for key, value in arguments.items()
        if key != told
    )


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(content)
