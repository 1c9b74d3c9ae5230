"""The events of gemini's `stream-json`: what each means, to the verdict on its run and to whoever reads the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

from clodputer.agents import apistatus, judged, notes
from clodputer.agents.lines import count, mapping, read, text
from clodputer.agents.notes import Call, Event, Notes
from clodputer.model.outcome import of
from clodputer.model.run import Description, Ended, Facts, Launch, Progress, Report, Said
from clodputer.model.task import Task

# What 0.61.0 does not let it use it says is no tool; of others that may be true.
GUARDED = frozenset(("run_shell_command", "write_file", "replace", "web_fetch", "google_web_search"))
_NOT_PERMITTED = frozenset(("execution_denied", "policy_violation", "path_not_in_workspace"))
_UNREGISTERED = "tool_not_registered"
# With this status it ends before its first event when it is not logged in.
NOT_LOGGED_IN = 41

# Failures are told as `[API Error: ...]`, with the API's own answer inside, or with words that begin so (0.61.0).
_API_ERROR = re.compile(r"\[API Error: (.*)\]\s*\Z", re.DOTALL)
_WORDS = (
    (re.compile(r"You have exhausted your daily quota"), "usage_limit"),
    (re.compile(r"You have exhausted your capacity"), "usage_limit"),
    (re.compile(r"terminated|fetch failed|exception TypeError: fetch failed|Premature close"), "offline"),
)


def begin(task: Task) -> Progress:  # noqa: ARG001  (the protocol's)
    """The progress before the first byte."""
    return notes.begin()


def observe(progress: Progress, lines: bytes) -> Progress:
    """The progress after one or more further lines of its stdout. Never raises."""
    return notes.fold(progress, lines, _heard)


def _heard(known: Notes, event: Event) -> Notes:
    kind, call = text(event.get("type")), text(event.get("tool_id"))
    if kind == "init":
        return known._replace(session=text(event.get("session_id")), model=text(event.get("model")))
    if kind == "message" and event.get("role") == "assistant":
        # A reply comes in pieces.
        before = known.reply if event.get("delta") is True else ""
        return known._replace(
            reply=(before + text(event.get("content")))[-notes.LONGEST_REPLY :], finished=False
        )
    if kind == "tool_use":
        known = notes.with_call(known, call, text(event.get("tool_name")), event.get("parameters"))
        return known._replace(reply="")
    if kind == "tool_result":
        made = known.calls.get(call, Call())
        wrong = mapping(event.get("error"))
        if _denied(text(wrong.get("type")), made.tool):
            known = notes.with_denial(known, call, made, text(wrong.get("message")))
        return notes.without_call(known, call)
    if kind == "error":
        return known._replace(failure=text(event.get("message"))[: notes.LONGEST_REPLY])
    if kind == "result":
        return _result(known, event)
    return known


def _denied(kind: str, tool: str) -> bool:
    return kind in _NOT_PERMITTED or (kind == _UNREGISTERED and tool in GUARDED)


def _result(known: Notes, event: Event) -> Notes:
    stats = mapping(event.get("stats"))
    names = ("input_tokens", "output_tokens", "cached")
    tokens = {name: number for name in names if (number := count(stats.get(name))) is not None}
    known = known._replace(tokens=tokens, model=_model(known.model, mapping(stats.get("models"))), calls={})
    if event.get("status") == "success":
        return known._replace(finished=True, failed="", failure="")
    words = text(mapping(event.get("error")).get("message"))
    return notes.with_failure(known, reason_of(words), words or "It reported a failure without a message.")


def _model(asked: str, used: Mapping[str, Any]) -> str:
    """The model that did most of the work, where gemini was to choose one."""
    if asked and asked != "auto":
        return asked
    tokens = {name: count(mapping(one).get("total_tokens")) or 0 for name, one in used.items()}
    return max(tokens, key=lambda name: tokens[name], default=asked)


def reason_of(words: str) -> str:
    """The reason behind a failure: the API's own code, where its answer is told, or how the words begin."""
    found = _API_ERROR.match(words)
    inside = found.group(1) if found else words
    try:
        error = mapping(mapping(read(inside.encode("utf-8", "replace"))).get("error"))
    except ValueError:
        error = {}
    status = count(error.get("code"))
    if status is not None:
        return apistatus.reason(status)
    return next((reason for pattern, reason in _WORDS if pattern.match(inside)), "agent_error")


def interpret(task: Task, facts: Facts, launch: Launch, progress: Progress, ended: Ended) -> Report:  # noqa: ARG001
    """What the run amounts to, expectations of the task aside. Pure."""
    report = judged.interpret(task, launch, progress, ended)
    if report.outcome.reason == "exit_status" and ended.exit_status == NOT_LOGGED_IN:
        return report._replace(outcome=of("auth", report.outcome.message), unresumed=False)
    return report


def describe(line: bytes) -> Description:
    """What a line of its stdout means to a reader. Never raises."""
    return notes.described(line, lambda event: Description(tuple(_said(event))))


def _said(event: Event) -> Iterator[Said]:
    kind, wrong = event["type"], mapping(event.get("error"))
    if kind == "init":
        yield Said("starts", text(event.get("model")))
    elif kind == "message" and event.get("role") == "assistant" and text(event.get("content")).strip():
        yield Said("says", text(event.get("content")))
    elif kind == "tool_use":
        given = mapping(event.get("parameters"))
        yield Said("uses", f"{text(event.get('tool_name'))}: {dumps(given)}")
    elif kind == "tool_result":
        yield Said("fails" if wrong else "gets", text(wrong.get("message")) or text(event.get("output")))
    elif kind == "error":
        yield Said("fails", text(event.get("message")))
    elif kind == "result":
        yield Said("ends", text(wrong.get("message")) or text(event.get("status")))
