"""What a plugin is asked and what it answers, protocol 1: one JSON object each way, read with distrust."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.state import StateRule, merged, unfit
from clodputer.model.text.jsontext import is_shallow, loads
from clodputer.model.triggers.event import Event, InvalidEvent, of_sender
from clodputer.model.triggers.plugin import CHANGING, FAILED, LARGEST_STATE, PERMANENT, PROTOCOL

# The exit status by which a program says that it is set up wrongly: EX_CONFIG of sysexits.
EX_CONFIG = 78
MOST_EVENTS, MOST_LOGS, LONGEST_LOG, LONGEST_ERROR = 100, 50, 1000, 2000
_STATUSES = ("ok", "error")
_FIELDS = ("status", "error", "retry", "events", "state_updates", "logs")


class Heard(NamedTuple):
    """What came of a call. text: its standard output. stopped: why we ended it, empty when it ended by itself."""

    text: str
    exit_status: Optional[int] = None
    signal: Optional[int] = None
    stopped: str = ""
    complaint: str = ""


class Reply(NamedTuple):
    """What a plugin has answered, checked. reason: empty when it went well, else FAILED, or PERMANENT: the same at every try.

    events: those that are in order. logs: (level, message) each, with what was printed beside the object.
    """

    reason: str = ""
    message: str = ""
    events: tuple[Event, ...] = ()
    updates: Mapping[str, Any] = {}
    logs: tuple[tuple[str, str], ...] = ()


def question(
    job_id: str,
    command: str,
    config: Mapping[str, Any],
    state: Mapping[str, Any],
    event: Optional[Mapping[str, Any]],
    deadline_at: str,
) -> str:
    """What a plugin gets on its standard input."""
    fields = {
        "protocol": PROTOCOL,
        "job_id": job_id,
        "command": command,
        "config": config,
        "state": state,
        "event": event,
        "deadline_at": deadline_at,
    }
    return dumps(fields, ensure_ascii=False) + "\n"


def read(heard: Heard, name: str, command: str, job_id: str, state: Mapping[str, Any]) -> Reply:
    """The reply of the plugin `name` to a command; `state`: what it remembers. Never raises for what it has said."""
    found, noise = answer(heard.text)
    logs = tuple(("noise", line) for line in _lines(noise))
    wrong = _ended_badly(heard)
    if wrong is not None:
        said = _error(found) if found and found["status"] == "error" else heard.complaint
        return Reply(*wrong, logs=logs)._replace(message=f"{wrong[1]}{f': {said}' if said else ''}")
    if found is None:
        more = f": {heard.complaint}" if heard.complaint else ""
        return Reply(FAILED, f"its answer is not a JSON object with a status{more}", logs=logs)
    unknown = sorted(str(key) for key in found if key not in _FIELDS)
    if unknown:
        return Reply(PERMANENT, f"its answer has an unknown field {unknown[0][:60]!r}", logs=logs)
    if found["status"] != "ok":
        return Reply(
            PERMANENT if found.get("retry") is False else FAILED, _error(found), logs=(*logs, *_said(found))
        )
    return _good(found, name, command, job_id, state)._replace(logs=(*logs, *_said(found)))


def answer(text: str) -> tuple[Optional[dict[str, Any]], str]:
    """The one JSON object with a status in a text, and the text around it, which is noise.

    It is the whole text, or one of its lines (of several the last), or all from the first brace to the last.
    """
    found = _object(text)
    if found is not None:
        return found, ""
    # A text in JSON may hold every other line break.
    lines = text.removesuffix("\n").split("\n")
    for number in range(len(lines) - 1, -1, -1):
        found = _object(lines[number])
        if found is not None:
            return found, "\n".join([*lines[:number], *lines[number + 1 :]])
    start, end = text.find("{"), text.rfind("}") + 1
    found = _object(text[start:end]) if 0 <= start < end else None
    return (found, text[:start] + text[end:]) if found is not None else (None, text)


def _object(text: str) -> Optional[dict[str, Any]]:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and value.get("status") in _STATUSES else None


def _ended_badly(heard: Heard) -> Optional[tuple[str, str]]:
    """The reason and message of an end that is none of a good answer; None for exit status 0."""
    if heard.stopped:
        return FAILED, f"it was stopped ({heard.stopped})"
    if heard.signal is not None:
        return FAILED, f"it was ended by signal {heard.signal}"
    if heard.exit_status == EX_CONFIG:
        return PERMANENT, f"it exited with status {EX_CONFIG}, which means that its configuration is wrong"
    return (FAILED, f"it exited with status {heard.exit_status}") if heard.exit_status else None


def _good(found: Mapping[str, Any], name: str, command: str, job_id: str, state: Mapping[str, Any]) -> Reply:
    given, updates = found.get("events") or [], found.get("state_updates") or {}
    if not isinstance(given, list) or not isinstance(updates, dict) or not is_shallow(found):
        return Reply(PERMANENT, "its answer must have events as a list and state_updates as an object")
    if command not in CHANGING:
        return Reply()  # these look, and change nothing
    if len(given) > MOST_EVENTS:
        return Reply(PERMANENT, f"it answered {len(given):,} events, more than {MOST_EVENTS}")
    events = []
    for place, fields in enumerate(given):
        try:
            events.append(of_sender(fields, name, f"{job_id} {place}"))
        except InvalidEvent as error:
            return Reply(PERMANENT, f"events[{place}]: {error}"[:LONGEST_ERROR])
    problem = unfit(merged(state, updates), StateRule(max_size=LARGEST_STATE)) if updates else ""
    if problem:
        return Reply(PERMANENT, f"its state cannot be kept: {problem}")
    return Reply(events=tuple(events), updates=updates)


def _error(found: Mapping[str, Any]) -> str:
    error = found.get("error")
    text = (
        error
        if isinstance(error, str) and error.strip()
        else "it answered with status error and without a message"
    )
    return " ".join(text.split())[:LONGEST_ERROR]


def _said(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The `logs` of an answer: texts, or objects with level and message."""
    given = found.get("logs")
    said = []
    for one in given[:MOST_LOGS] if isinstance(given, list) else ():
        fields = one if isinstance(one, dict) else {"message": one}
        level, message = fields.get("level"), fields.get("message")
        if isinstance(message, str):
            said.append(
                (level[:20] if isinstance(level, str) else "info", " ".join(message.split())[:LONGEST_LOG])
            )
    return said


def _lines(noise: str) -> list[str]:
    lines = (" ".join(line.split())[:LONGEST_LOG] for line in noise.splitlines())
    return [line for line in lines if line][:MOST_LOGS]
