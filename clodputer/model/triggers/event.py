"""An event: something that a program, a plugin, a webhook or a run reports; routes turn it into requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.config.fields import lacks, mapping, quoted, read, writable
from clodputer.model.follow.line import line_of
from clodputer.model.numbers.digest import digest
from clodputer.model.request import read_id, read_item
from clodputer.model.task import is_name

# The trigger in the origin of a request that a route made.
TRIGGER = "event"
# What the name of a dropped file ends with when it is an event and no request.
ENDING = ".event.json"
# Under this name a run gives its events.
EVENTS = "events"
# The fields that a prompt and a route's `with` may name: `{{ event.type }}`.
FIELDS = ("id", "from", "type", "payload", "item")

# A payload in bytes of its JSON: the file of an event, and of the request that carries it, may have 1 MiB. A dedupe key in
# characters.
LARGEST_PAYLOAD, LONGEST_KEY = 1000 * 1000, 500

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")


class InvalidEvent(ValueError):
    """The fields do not make an event; the message says which and how to fix it."""


class Event(NamedTuple):
    """One event. sender: the name of what reports it, `from` in its file. item: what it is about, such as `issue 42`.

    origin: the line of runs that it comes from, as in a request; empty for what comes from outside.
    """

    id: str
    sender: str
    type: str
    payload: Mapping[str, Any] = {}
    dedupe_key: str = ""
    item: str = ""
    origin: Mapping[str, Any] = {}


def is_type(text: str) -> bool:
    """Whether it may be the type of an event: letters, digits, `.`, `_`, `:`, `/` and `-`, up to 100 of them."""
    return _TYPE.fullmatch(text) is not None


def from_fields(fields: Any, event_id: str, *, sender: str = "") -> Event:
    """The event that a file's fields describe. event_id, sender: its id and `from` where it names none.

    Raises InvalidEvent naming every field that is wrong.
    """
    if not isinstance(fields, dict):
        raise InvalidEvent(
            'an event is a mapping such as {"from": "ci", "type": "build.failed"}, found ' + quoted(fields)
        )
    readers = {
        "id": read_id,
        "from": _sender,
        "type": _type,
        "payload": _payload,
        "dedupe_key": _key,
        "item": read_item,
        "origin": mapping,
    }
    found, wrong = read(fields, readers)
    values: dict[str, Any] = {"id": event_id, **({"from": sender} if sender else {}), **found}
    for key in ("from", "type"):
        if lacks(key, values, wrong):
            wrong.append(f"no {key} given; an event has the fields from and type")
    if wrong:
        raise InvalidEvent("; ".join(wrong))
    values["sender"] = values.pop("from")
    return Event(**values)


def of_sender(fields: Any, sender: str, place: str) -> Event:
    """An event of somebody whom we know, who says neither where it comes from nor its id. place: what its id is made of.

    Raises InvalidEvent.
    """
    ours = [key for key in ("id", "from", "origin") if isinstance(fields, dict) and key in fields]
    if ours:
        raise InvalidEvent(f"{ours[0]} is not to be given: that is known")
    return from_fields(fields, digest(place.encode(), 8), sender=sender)


def to_fields(event: Event) -> dict[str, Any]:
    """The event as the fields of a JSON file; `from_fields` reads them back to an equal event."""
    return {
        ("from" if name == "sender" else name): value
        for name, value in event._asdict().items()
        if value not in ("", {})
    }


def line_fields(event: Event) -> dict[str, Any]:
    """What the origin of a request takes over from that of its event: the line of runs, and nothing else that it may hold."""
    line = line_of(event.origin, event.id)
    if not line.parent:
        return {"trace_id": line.trace_id}
    return {"task": event.sender, "parent": line.parent, "trace_id": line.trace_id, "depth": line.depth}


def brought(event: Event) -> dict[str, Any]:
    """What templates know as `event`."""
    return {
        "id": event.id,
        "from": event.sender,
        "type": event.type,
        "payload": dict(event.payload),
        "item": event.item,
    }


def _sender(value: Any) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise ValueError(
            f"expected a name of 1 to 64 letters, digits, '.', '_' or '-', found {quoted(value)}"
        )
    return value


def _type(value: Any) -> str:
    if not isinstance(value, str) or not is_type(value):
        raise ValueError(f"expected 1 to 100 letters, digits or any of . _ : / -, found {quoted(value)}")
    return value


def _payload(value: Any) -> Mapping[str, Any]:
    payload = mapping(value)
    # Checked once more by `writable`, which says what is wrong; here only what can be written is measured.
    writable(payload)
    size = len(dumps(payload, ensure_ascii=False).encode())
    if size > LARGEST_PAYLOAD:
        raise ValueError(f"it has {size:,} bytes, more than {LARGEST_PAYLOAD:,}; put the bulk into a file")
    return payload


def _key(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_KEY:
        raise ValueError(f"expected a text of up to {LONGEST_KEY} characters, found {quoted(value)}")
    return value
