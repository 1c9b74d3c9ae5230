"""What the events of an agent have said so far: the same few things of every agent that prints an event on each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.agents.lines import printed, read, shortened
from clodputer.model.run import Description, Progress

# Every event has this key; a line without it is not even looked at as JSON.
_TYPE = b'"type"'
MOST_CALLS = 256
MOST_DENIALS = 50
MOST_WORDS = 20
# Of what it said last, in characters; the end is kept, as a last line may say that there was nothing to do.
LONGEST_REPLY = 1024 * 1024
LAST_WORDS = 300

Event = Mapping[str, Any]


class Call(NamedTuple):
    """A call of a tool: its name, and what it was called with, each text cut."""

    tool: str = ""
    given: Mapping[str, str] = {}


class Notes(NamedTuple):
    """session, model: as the agent calls them. finished: it has said that it is done, and nothing came after that. failed: the
    reason code of a failure that it reported, and `failure` in its words. reply: what it said last. calls: those of tools that
    have no result yet. denials: calls that were not permitted. tokens: by their kinds, for the record's usage. cost: in US
    dollars, None as long as it has told none. waits: how often in a row it only said that it waits. hopeless: as in `Progress`.
    """

    session: str = ""
    model: str = ""
    finished: bool = False
    failed: str = ""
    failure: str = ""
    reply: str = ""
    calls: Mapping[str, Call] = {}
    denials: tuple[Mapping[str, Any], ...] = ()
    tokens: Mapping[str, int] = {}
    cost: Optional[float] = None
    cap: Optional[float] = None
    steps: int = 0
    waits: int = 0
    hopeless: str = ""
    unreadable: int = 0


def begin(cap: Optional[float] = None) -> Progress:
    """The progress before the first byte. cap: what it may cost, in US dollars, None for no limit."""
    return Progress(notes=Notes(cap=cap))


def fold(progress: Progress, lines: bytes, heard: Callable[[Notes, Event], Notes]) -> Progress:
    """The progress after further lines of stdout. heard: the notes after one more event. Never raises if that does not."""
    notes: Notes = progress.notes
    started = progress.started
    for line in lines.split(b"\n"):
        if not line or line.isspace():
            continue
        event = None
        if _TYPE in line:
            try:
                event = read(line)
            except ValueError:
                event = None
        if isinstance(event, dict):
            started, notes = True, heard(notes, event)
        else:
            notes = notes._replace(unreadable=notes.unreadable + 1)
    return Progress(
        started=started,
        busy=bool(notes.calls),
        done=notes.finished or bool(notes.failed),
        hopeless=progress.hopeless or notes.hopeless,
        tokens=sum(notes.tokens.values()),
        notes=notes,
    )


def described(line: bytes, said: Callable[[Event], Description]) -> Description:
    """What a line of stdout means to a reader. said: of an event, which has a type. Never raises if that does not."""
    try:
        event = read(line)
    except ValueError:
        event = None
    return said(event) if isinstance(event, dict) and "type" in event else printed(line)


def with_call(notes: Notes, call: str, tool: str = "", given: Any = None) -> Notes:
    """The notes after a call of a tool has begun."""
    calls = dict(notes.calls)
    if len(calls) < MOST_CALLS:
        calls[call] = Call(tool, brief(given))
    return notes._replace(calls=calls, finished=False)


def without_call(notes: Notes, call: str) -> Notes:
    """The notes after the result of a call."""
    calls = {name: one for name, one in notes.calls.items() if name != call}
    return notes._replace(calls=calls, finished=False)


def brief(given: Any) -> dict[str, str]:
    """What a tool was called with, as far as a record keeps it."""
    if not isinstance(given, dict):
        return {}
    return {str(key): shortened(str(value), LAST_WORDS) for key, value in list(given.items())[:MOST_WORDS]}


def with_denial(notes: Notes, call: str, made: Call, words: str) -> Notes:
    """The notes after a call that was not permitted. words: what the agent answered to it."""
    denial = {
        "tool_name": made.tool,
        "tool_use_id": call,
        "tool_input": dict(made.given),
        "reason": shortened(words, LAST_WORDS),
    }
    return notes._replace(denials=(*notes.denials, denial)[:MOST_DENIALS])


def with_reply(notes: Notes, text: str) -> Notes:
    """The notes after it said something, in place of what it said before."""
    return notes._replace(reply=text[-LONGEST_REPLY:]) if text.strip() else notes


def with_failure(notes: Notes, reason: str, words: str) -> Notes:
    """The notes after it told that it failed."""
    return notes._replace(failed=reason, failure=words[:LONGEST_REPLY], finished=False, calls={})
