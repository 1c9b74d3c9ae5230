"""One event of the execution log in a line for a person: when, what, which task, and its facts in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clodputer.cli.ink import ink
from clodputer.cli.printable import one_line
from clodputer.cli.when import dollars
from clodputer.model.moment import format_duration

LONGEST = 200
# What stands elsewhere in the line, or says nothing to a person.
SILENT = frozenset(("timestamp", "event", "task", "request_id", "run_id", "outcome", "reason", "message", "duration_seconds",
                    "cost_usd", "request", "swept"))  # fmt: skip
COLOURS = {"succeeded": "green", "limited": "yellow", "cancelled": "yellow"}


def in_words(event: Mapping[str, Any]) -> str:
    """The line; whatever a foreign line of the log holds, it is one line and harmless."""
    kind = one_line(str(event.get("event") or "?"), 20)
    task = one_line(str(event.get("task") or ""), 64)
    words = _finished(event) if kind == "finished" else _others(event)
    run = event.get("run_id") or event.get("request_id") or ""
    mark = ink(one_line(str(run).rpartition("-")[2], 40), "dim")
    return "  ".join(part for part in (ink(_when(event), "dim"), kind.ljust(9), task, words, mark) if part)


def _when(event: Mapping[str, Any]) -> str:
    """Local time; the lines themselves are in UTC."""
    try:
        moment = datetime.fromisoformat(str(event.get("timestamp")).replace("Z", "+00:00")).astimezone()
    except (ValueError, OverflowError):
        return "?"
    return f"{moment:%Y-%m-%d %H:%M:%S}"


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
    told = " ".join(parts)
    return f"{told}: {one_line(str(event['message']), LONGEST)}" if event.get("message") else told


def _others(event: Mapping[str, Any]) -> str:
    parts = [one_line(str(event[key]), LONGEST) for key in ("reason", "message") if event.get(key)]
    swept = event.get("swept")
    if isinstance(swept, list):
        parts.append(f"{len(swept)} process{'' if len(swept) == 1 else 'es'}")
    parts += [
        f"{one_line(str(key), 30)} {one_line(str(value), 60)}"
        for key, value in event.items()
        if key not in SILENT and value not in (None, "", [], {})
    ]
    return one_line(", ".join(parts), LONGEST) if parts else ""
