"""One event of the execution log for a person: when, what, of which run and task, and its facts in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.cli.terminal.prose import width, wrapped
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted

LONGEST, LONGEST_NAME = 400, 64
# The columns of the moment and of the kind, and what must be left for the words beside them all.
MOMENT, KIND, LEAST = 19, 13, 30
# What is elsewhere in the line, or says nothing to a person.
SILENT = frozenset(
    (
        "timestamp",
        "event",
        "task",
        "request_id",
        "run_id",
        "outcome",
        "reason",
        "message",
        "duration_seconds",
        "cost_usd",
        "request",
        "swept",
    )
)
COLOURS = {"succeeded": "green", "limited": "yellow", "cancelled": "yellow"}


def in_words(event: Mapping[str, Any], names: int = 0) -> str:
    """The line, in columns; that of tasks is `names` wide. Whatever a foreign line of the log holds, it is harmless.

    In a terminal what is over goes on below: the words beside the columns where there is room for them, else beneath. In a
    pipe it is one line.
    """
    kind = one_line(str(event.get("event") or "?"), 20)
    task = one_line(str(event.get("task") or ""), LONGEST_NAME)
    words = facts(event)
    run = _id(event)
    size = max(when.SHORT, len(run))
    head = f"{ink(local_time(event), 'dim')}  {kind.ljust(KIND)}  {ink(run.ljust(size), 'dim')}"
    first = MOMENT + KIND + size + 4
    margin = first + (names + 4 if names else 2)
    if width() - margin >= LEAST:
        head += f"  {task.ljust(names)}" if names else ""
        return f"{head}  {wrapped(words, margin)}".replace("\n", "\n" + " " * margin).rstrip()
    if width() >= margin - 2:
        return f"{head}  {task}".rstrip() + _beneath(words, MOMENT + 2)
    return (
        f"{ink(local_time(event), 'dim')}  {kind}"
        + _beneath(f"{run}  {task}".strip(), 2)
        + _beneath(words, 2)
    )


def facts(event: Mapping[str, Any]) -> str:
    """What an event says besides its moment, kind, task and ids, in one harmless line; it may hold ink."""
    return _finished(event) if event.get("event") == "finished" else _others(event)


def _id(event: Mapping[str, Any]) -> str:
    """The request's id whole, with which the ids of its runs end; of a run that is not known by it the end of its own."""
    request = one_line(str(event.get("request_id") or ""), LONGEST_NAME)
    run = one_line(str(event.get("run_id") or ""), 100)
    return request if not run or (request and run.endswith(request)) else when.run(run)


def names(tasks: Iterable[str]) -> int:
    """How wide the column of tasks is for these names."""
    return min(max(map(len, tasks), default=0), LONGEST_NAME)


def _beneath(words: str, margin: int) -> str:
    return (
        "\n".join(["", *(" " * margin + line for line in wrapped(words, margin).split("\n"))])
        if words
        else ""
    )


def local_time(event: Mapping[str, Any], form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """When it happened, in local time; the lines themselves are in UTC."""
    try:
        moment = datetime.fromisoformat(str(event.get("timestamp")).replace("Z", "+00:00")).astimezone()
    except (ValueError, OverflowError):
        return "?"
    return moment.strftime(form)


def _finished(event: Mapping[str, Any]) -> str:
    outcome, reason = str(event.get("outcome") or "?"), str(event.get("reason") or "")
    parts = [ink(one_line(outcome, 20), COLOURS.get(outcome, "red"))]
    if reason not in ("", "completed", outcome):
        parts.append(f"({one_line(reason, 30)})")
    seconds, cost = event.get("duration_seconds"), event.get("cost_usd")
    if isinstance(seconds, (int, float)):
        parts.append(f"after {format_duration(seconds)}")
    if isinstance(cost, (int, float)) and cost:
        parts.append(dollars(cost))
    ended = " ".join(parts)
    return f"{ended}: {one_line(str(event['message']), LONGEST)}" if event.get("message") else ended


def _others(event: Mapping[str, Any]) -> str:
    parts = [
        one_line("; ".join(str(event[key]).splitlines()), LONGEST).rstrip(".")
        for key in ("reason", "message")
        if event.get(key)
    ]
    swept = event.get("swept")
    if isinstance(swept, list):
        parts.append(counted(len(swept), "process", "processes"))
    parts += [
        f"{one_line(str(key), 30)} {one_line(str(value), 200)}"
        for key, value in event.items()
        if key not in SILENT and value not in (None, "", [], {})
    ]
    return one_line(", ".join(parts), LONGEST) if parts else ""
