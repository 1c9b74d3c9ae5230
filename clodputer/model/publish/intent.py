"""An intent: one thing that a run wants published, as it was written down, read strictly and within bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.config.fields import quoted
from clodputer.model.publish import rule as rules
from clodputer.model.publish.rule import (
    ANY,
    CLOSE,
    COMMENT,
    EVENT,
    FILE_ISSUE,
    KINDS,
    LABEL,
    PULL_REQUEST,
    PUSH,
)
from clodputer.model.text.jsontext import is_shallow
from clodputer.model.text.suggest import did_you_mean
from clodputer.model.triggers.event import InvalidEvent, from_fields

# Under this name a run gives intents in its structured result.
INTENTS = "intents"
# In characters. GitHub takes 65,536 for a body, and a part of that is ours.
LONGEST_TITLE, LONGEST_BODY, LONGEST_KEY, LONGEST_LABEL = 256, 60_000, 200, 50
MOST_LABELS = 10
# Of one intent in a file, in bytes, and of those of one run that are read at all.
LARGEST, MOST = 256 * 1024, 200
# All that one run publishes, as JSON, in bytes: it is kept in its record and in the outbox.
TOGETHER = 1024 * 1024
# Why an issue is closed, in GitHub's words.
COMPLETED, NOT_PLANNED = "completed", "not_planned"


class InvalidIntent(ValueError):
    """The fields do not make an intent; the message says which and how to fix it."""


class Intent(NamedTuple):
    """One of KINDS. number: of the issue or pull request that is meant, None for the one that the run is about.

    complete: of a pull request, whether the work is whole. reason: COMPLETED or NOT_PLANNED. key: of an issue to be filed, by
    which it is known again. event: the fields of an event.
    """

    kind: str
    number: Optional[int] = None
    title: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    complete: bool = False
    reason: str = ""
    key: str = ""
    event: Mapping[str, Any] = {}


class Bounds(NamedTuple):
    """What the task allows, as far as one intent can be held against it. number: of the run's own issue, None without one."""

    kinds: tuple[str, ...]
    labels: tuple[str, ...] = ()
    targets: str = rules.ITEM
    number: Optional[int] = None
    max_per_run: int = 10


# The fields of each kind, those that must be given with a `!`.
_FIELDS: Mapping[str, Sequence[str]] = {
    COMMENT: ("body!", "number"),
    PULL_REQUEST: ("title!", "body", "complete"),
    PUSH: (),
    LABEL: ("labels!", "number"),
    CLOSE: ("reason", "number"),
    EVENT: ("type!", "payload", "dedupe_key", "item"),
    FILE_ISSUE: ("title!", "body", "labels", "key"),
}


def read(fields: Any) -> Intent:
    """The intent that fields of JSON describe. Raises InvalidIntent."""
    if not isinstance(fields, Mapping) or not is_shallow(fields):
        raise InvalidIntent(
            'an intent is a mapping such as {"kind": "comment", "body": "..."}, found ' + quoted(fields)
        )
    kind = fields.get("kind")
    if kind not in KINDS:
        meant = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        raise InvalidIntent(f"kind: expected one of {', '.join(KINDS)}, found {quoted(kind)}{meant}")
    known = {name.rstrip("!"): name.endswith("!") for name in _FIELDS[kind]}
    given = {name: value for name, value in fields.items() if name != "kind" and value is not None}
    for name in given:
        if name not in known:
            told = f"; it has {', '.join(known)}" if known else "; it has no fields"
            raise InvalidIntent(f"{kind} has no field {quoted(name)}{told}")
    for name, needed in known.items():
        if needed and name not in given:
            raise InvalidIntent(f"{kind} needs {name}")
    if kind == EVENT:
        return Intent(kind, event=_event(given))
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = _READERS[name](value)
        except ValueError as error:
            raise InvalidIntent(f"{name}: {error}") from None
    return Intent(kind, **values)


def fields_of(intent: Intent) -> dict[str, Any]:
    """The intent as fields of JSON, which `read` reads back to an equal one."""
    if intent.kind == EVENT:
        return {"kind": EVENT, **intent.event}
    values = intent._asdict()
    values.pop("event")
    values["labels"] = list(intent.labels)
    return {name: value for name, value in values.items() if value not in (None, "", [], False)}


def unfit(intent: Intent, bounds: Bounds) -> tuple[str, str]:
    """Why a task does not allow an intent, as a code and a sentence; both empty when it does."""
    if intent.kind not in bounds.kinds:
        allowed = ", ".join(bounds.kinds) or "nothing"
        return "kind_not_allowed", f"this task may not publish {intent.kind}, only {allowed}"
    foreign = [
        label for label in intent.labels if label.lower() not in {one.lower() for one in bounds.labels}
    ]
    if foreign:
        allowed = ", ".join(bounds.labels) or "none"
        return "label_not_allowed", f"this task may not set the label {foreign[0]!r}; allowed: {allowed}"
    if intent.kind in (COMMENT, LABEL, CLOSE):
        if intent.number is None and bounds.number is None:
            return "no_target", f"{intent.kind} needs number: this run is about no issue or pull request"
        if bounds.targets != ANY and intent.number is not None and intent.number != bounds.number:
            own = "none" if bounds.number is None else f"#{bounds.number}"
            return "target_not_allowed", f"this task may not write to #{intent.number}; its own is {own}"
    return "", ""


def _event(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of an event, which are held against its rules; whose it is, is known later."""
    try:
        from_fields(dict(given), "00000000", sender="x")
    except InvalidEvent as error:
        raise InvalidIntent(str(error)) from None
    return dict(given)


def _text(longest: int, *, lines: bool = False) -> Callable[[Any], str]:
    def reader(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"expected a text, found {quoted(value)}")
        if len(value) > longest:
            raise ValueError(f"it has {len(value):,} characters, and may have {longest:,}")
        if not lines and not value.isprintable():
            raise ValueError("expected one line without control characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("it holds half of a surrogate pair, which is no character") from None
        return value if lines else value.strip()

    return reader


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10**9:
        raise ValueError(f"expected the number of an issue or a pull request, found {quoted(value)}")
    return int(value)


def _labels(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(value) > MOST_LABELS:
        raise ValueError(f"expected a list of 1 to {MOST_LABELS} labels, found {quoted(value)}")
    return tuple(dict.fromkeys(_text(LONGEST_LABEL)(one) for one in value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, found {quoted(value)}")
    return value


def _reason(value: Any) -> str:
    if value not in (COMPLETED, NOT_PLANNED):
        raise ValueError(f"expected {COMPLETED} or {NOT_PLANNED}, found {quoted(value)}")
    return str(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "body": _text(LONGEST_BODY, lines=True),
    "title": _text(LONGEST_TITLE),
    "key": _text(LONGEST_KEY),
    "number": _number,
    "labels": _labels,
    "complete": _flag,
    "reason": _reason,
}


def size(fields: Any) -> int:
    """How large an intent is as JSON, in bytes."""
    return len(dumps(fields, ensure_ascii=False).encode("utf-8", "replace"))
