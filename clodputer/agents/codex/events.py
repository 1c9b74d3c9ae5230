"""The events of `codex exec --json`: what each means, to the verdict on its run and to whoever reads the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, Optional

from clodputer.agents import apistatus, judged, notes
from clodputer.agents.lines import count, items, mapping, text
from clodputer.agents.notes import Event, Notes
from clodputer.model.run import Description, Ended, Facts, Launch, Progress, Report, Said
from clodputer.model.task import Task

# 0.171.0 tries forever to reach an API that cannot be reached, and says so each time.
WAITING = re.compile(r"Reconnecting\.\.\. waiting for network")
MOST_WAITS = 10
# Failures are told in words alone. These begin so, whatever of the API's own words follows (0.171.0).
_STATUS = re.compile(r"(?:unexpected status |exceeded retry limit, last status: )(\d{3})\b")
_WORDS = (
    (re.compile(r"You.ve hit your usage limit"), "usage_limit"),
    (re.compile(r"Quota exceeded|To use Codex with your ChatGPT plan"), "billing"),
    (
        re.compile(r"Your access token could not be refreshed|Missing environment variable|Not logged in"),
        "auth",
    ),
    (re.compile(r"We.re currently experiencing high demand"), "server_error"),
    (re.compile(r"Selected model is at capacity"), "overloaded"),
    (re.compile(r"Codex ran out of room"), "invalid_request"),
    (re.compile(r"stream disconnected before completion|Connection failed|Reconnecting"), "offline"),
)


def begin(task: Task) -> Progress:  # noqa: ARG001  (the protocol's)
    """The progress before the first byte."""
    return notes.begin()


def observe(progress: Progress, lines: bytes) -> Progress:
    """The progress after one or more further lines of its stdout. Never raises."""
    return notes.fold(progress, lines, _heard)


def _heard(known: Notes, event: Event) -> Notes:
    kind, item = text(event.get("type")), mapping(event.get("item"))
    if kind == "thread.started":
        return known._replace(session=text(event.get("thread_id")) or known.session)
    if kind == "turn.started":
        return known._replace(finished=False, failed="", failure="", waits=0)
    if kind == "turn.completed":
        return known._replace(finished=True, failed="", failure="", calls={}, tokens=_tokens(event))
    if kind in ("turn.failed", "error"):
        words = text(mapping(event.get("error")).get("message")) or text(event.get("message"))
        if kind == "turn.failed":
            return notes.with_failure(known, reason_of(words), words)
        waits = known.waits + 1 if WAITING.match(words) else 0
        hopeless = "offline" if waits >= MOST_WAITS else ""
        return known._replace(failure=words, waits=waits, hopeless=hopeless)
    if kind == "item.started":
        return notes.with_call(known, text(item.get("id")))._replace(waits=0)
    if kind == "item.completed":
        known = notes.without_call(known, text(item.get("id")))._replace(waits=0)
        return (
            notes.with_reply(known, text(item.get("text"))) if item.get("type") == "agent_message" else known
        )
    return known


def reason_of(words: str) -> str:
    """The reason behind a failure, by how codex begins to tell it; what the API says comes after that and is not looked at."""
    found = _STATUS.match(words)
    if found:
        return apistatus.reason(int(found.group(1)))
    return next((reason for pattern, reason in _WORDS if pattern.match(words)), "agent_error")


def _tokens(event: Event) -> dict[str, int]:
    usage = mapping(event.get("usage"))
    return {name: number for name, value in usage.items() if (number := count(value)) is not None}


def interpret(task: Task, facts: Facts, launch: Launch, progress: Progress, ended: Ended) -> Report:
    """What the run amounts to, expectations of the task aside. Pure.

    codex counts the tokens of a whole session: those of its earlier runs are taken off.
    """
    report = judged.interpret(task, launch, progress, ended)
    last = facts.last or {}
    before = (
        mapping(last.get("session_totals"))
        if launch.resumed and last.get("session_id") == report.session_id
        else {}
    )
    used = {name: max(0, number - (count(before.get(name)) or 0)) for name, number in report.usage.items()}
    return report._replace(usage=used, session_totals=dict(report.usage) or before)


def describe(line: bytes) -> Description:
    """What a line of its stdout means to a reader. Never raises."""
    return notes.described(line, lambda event: Description(tuple(_said(event))))


def _said(event: Event) -> Iterator[Said]:
    kind, item = event["type"], mapping(event.get("item"))
    if kind == "thread.started":
        yield Said("starts", f"session {text(event.get('thread_id'))}")
    elif kind in ("item.started", "item.completed"):
        one = _of_item(item, completed=kind == "item.completed")
        if one is not None:
            yield one
    elif kind == "error":
        yield Said("fails", text(event.get("message")))
    elif kind == "turn.failed":
        yield Said("ends", text(mapping(event.get("error")).get("message")) or "the turn failed")
    elif kind == "turn.completed":
        yield Said("ends", "the turn is completed")


def _of_item(item: Mapping[str, Any], *, completed: bool) -> Optional[Said]:
    kind = text(item.get("type"))
    if kind == "agent_message":
        return Said("says", text(item.get("text"))) if completed else None
    if kind == "command_execution":
        if not completed:
            return Said("uses", f"shell: {text(item.get('command'))}")
        return Said("gets" if item.get("exit_code") == 0 else "fails", text(item.get("aggregated_output")))
    if kind == "file_change" and completed:
        paths = [text(mapping(change).get("path")) for change in items(item.get("changes"))]
        return Said("uses", f"edit: {', '.join(paths)}")
    if kind == "mcp_tool_call" and not completed:
        return Said(
            "uses", f"{text(item.get('server'))}: {text(item.get('tool'))}", dumps(item.get("arguments"))
        )
    if kind == "web_search" and completed:
        return Said("uses", f"web search: {text(item.get('query'))}")
    if kind == "error":
        return Said("fails", text(item.get("message")))
    return None
