"""The events of `opencode run --format=json`: what each means, to the verdict on its run and to who reads the conversation."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps

from clodputer.agents import apistatus, judged, notes
from clodputer.agents.lines import amount, count, mapping, text
from clodputer.agents.notes import Call, Event, Notes, brief
from clodputer.model.run import Description, Ended, Facts, Launch, Progress, Report, Said
from clodputer.model.task import Task

# What 1.18.33 does not let it use is no tool to it, and a call of it becomes one of this name.
INVALID = "invalid"
DENIED = frozenset(("bash", "edit", "write", "patch", "apply_patch", "webfetch", "websearch", "codesearch"))
REJECTED = ("The user rejected permission", "The user has specified a rule which prevents you")
# How a step ends that neither finishes the work nor goes on with the result of a tool.
_BY_FINISH = {"length": "max_tokens", "content-filter": "refused", "error": "agent_error"}
_BY_NAME = {
    "ProviderAuthError": "auth",
    "MessageOutputLengthError": "max_tokens",
    "ContextOverflowError": "invalid_request",
}


def begin(task: Task) -> Progress:
    """The progress before the first byte."""
    return notes.begin(task.claude.max_cost_usd)


def observe(progress: Progress, lines: bytes) -> Progress:
    """The progress after one or more further lines of its stdout. Never raises."""
    return notes.fold(progress, lines, _heard)


def _heard(known: Notes, event: Event) -> Notes:
    kind, part = text(event.get("type")), mapping(event.get("part"))
    known = known._replace(session=known.session or text(event.get("sessionID")))
    if kind == "step_start":
        return known._replace(reply="", finished=False)
    if kind == "text":
        # A reply may come in several parts.
        return notes.with_reply(known, "\n".join(filter(None, (known.reply, text(part.get("text"))))))
    if kind == "tool_use":
        return _tool(known._replace(reply="", finished=False), part)
    if kind == "step_finish":
        return _finished(known, part)
    if kind == "error":
        error = mapping(event.get("error"))
        words = (
            text(mapping(error.get("data")).get("message"))
            or text(error.get("name"))
            or "It reported an error."
        )
        return notes.with_failure(known, reason_of(error), words)
    return known


def _tool(known: Notes, part: Event) -> Notes:
    """A call comes when it has ended, in one event with its result."""
    state, name = mapping(part.get("state")), text(part.get("tool"))
    given, answer = mapping(state.get("input")), text(state.get("error"))
    if name == INVALID and text(given.get("tool")) in DENIED:
        made, answer = Call(text(given.get("tool"))), text(given.get("error"))
        return notes.with_denial(known, text(part.get("callID")), made, answer)
    if answer.startswith(REJECTED):
        return notes.with_denial(known, text(part.get("callID")), Call(name, brief(given)), answer)
    return known


def _finished(known: Notes, part: Event) -> Notes:
    reason, spent = text(part.get("reason")), mapping(part.get("tokens"))
    kept = mapping(spent.get("cache"))
    used = {
        "input_tokens": spent.get("input"),
        "output_tokens": spent.get("output"),
        "reasoning_tokens": spent.get("reasoning"),
        "cache_read_tokens": kept.get("read"),
        "cache_write_tokens": kept.get("write"),
    }
    tokens = {name: known.tokens.get(name, 0) + (count(value) or 0) for name, value in used.items()}
    cost = (known.cost or 0.0) + (amount(part.get("cost")) or 0.0)
    # It says 0 of a model whose price it does not know.
    known = known._replace(tokens=tokens, cost=cost or None, steps=known.steps + 1)
    if reason in _BY_FINISH:
        return notes.with_failure(known, _BY_FINISH[reason], f"A step ended as {reason}.")
    known = known._replace(finished=reason == "stop", failed="", failure="")
    if known.cap is not None and not known.finished and cost > known.cap:
        return known._replace(hopeless="max_cost")
    return known


def reason_of(error: Event) -> str:
    """The reason behind an error that it tells, by its name and by the status that the API gave."""
    name, status = text(error.get("name")), count(mapping(error.get("data")).get("statusCode"))
    if name in _BY_NAME:
        return _BY_NAME[name]
    if status is not None:
        return apistatus.reason(status)
    return "offline" if name == "APIError" else "agent_error"


def interpret(task: Task, facts: Facts, launch: Launch, progress: Progress, ended: Ended) -> Report:  # noqa: ARG001
    """What the run amounts to, expectations of the task aside. Pure."""
    return judged.interpret(task, launch, progress, ended)


def describe(line: bytes) -> Description:
    """What a line of its stdout means to a reader. Never raises."""
    return notes.described(line, _described)


def _described(event: Event) -> Description:
    part = mapping(event.get("part"))
    reply = text(part.get("messageID")) if event["type"] == "step_start" else ""
    return Description(tuple(_said(event)), reply)


def _said(event: Event) -> Iterator[Said]:
    kind, part = event["type"], mapping(event.get("part"))
    if kind == "text" and text(part.get("text")).strip():
        yield Said("says", text(part.get("text")))
    elif kind == "tool_use":
        state = mapping(part.get("state"))
        yield Said("uses", f"{text(part.get('tool'))}: {dumps(state.get('input'))}")
        failed = text(state.get("error"))
        yield Said("fails" if failed else "gets", failed or text(state.get("output")))
    elif kind == "step_finish" and part.get("reason") != "tool-calls":
        yield Said("ends", text(part.get("reason")))
    elif kind == "error":
        error = mapping(event.get("error"))
        yield Said("fails", text(mapping(error.get("data")).get("message")) or text(error.get("name")))
