"""The stream of `claude` for people: what each line means to somebody who reads the conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps, loads
from typing import Any, Optional

from clodputer.agents.lines import amount, items, printed
from clodputer.model.run import Description, Said

# The arguments of a tool call that a person would look at first.
_FIRST = ("command", "file_path", "path", "pattern", "query", "url", "description", "prompt")


def describe(line: bytes) -> Description:
    """What a line of its stdout means to a reader; nothing for events that a person need not see. Never raises."""
    event = _event(line)
    if event is None:
        return printed(line)
    return Description(tuple(_said(event)), _reply(event), _cost(event))


def _event(line: bytes) -> Optional[dict[str, Any]]:
    try:
        value = loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "type" in value else None


def _reply(event: Mapping[str, Any]) -> str:
    # Each block of a reply comes as an event of its own, and a subagent's replies are no turns of the run.
    message = event.get("message")
    if event["type"] != "assistant" or event.get("parent_tool_use_id") or not isinstance(message, Mapping):
        return ""
    return str(message.get("id") or "")


def _cost(event: Mapping[str, Any]) -> Optional[float]:
    return amount(event.get("total_cost_usd")) if event["type"] == "result" else None


def _said(event: Mapping[str, Any]) -> Iterator[Said]:
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
                key, text = _first(block.get("input"))
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


def _first(arguments: Any) -> tuple[str, str]:
    """The argument that a person would look at first, and its value; without one, all of them."""
    if not isinstance(arguments, Mapping):
        return "", str(arguments)
    for key in _FIRST:
        if arguments.get(key):
            return key, str(arguments[key])
    return "", dumps(arguments)


def _further(arguments: Any, shown: str) -> str:
    if not (shown and isinstance(arguments, Mapping)):
        return ""
    return "\n".join(
        f"{key}: {value if isinstance(value, str) else dumps(value)}"
        for key, value in arguments.items()
        if key != shown
    )


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return str(content)
