"""A request: "run this task, with this context"; its fields, and the file names it has in the spool."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.fields import lacks, mapping, quoted, read, text
from clodputer.model.numbers.digest import digest
from clodputer.model.queue.score import turn
from clodputer.model.task import HIGHEST, LOWEST, PRIORITIES, is_name
from clodputer.model.text.moment import LONGEST, iso, parse_duration, parse_moment

# What `overlap` says in the origin of a request that ends the run of its task and takes its place.
REPLACE = "replace"

_ID = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def is_id(text: str) -> bool:
    """Whether it may be the id of a request."""
    return 4 <= len(text) <= 48 and text[0] != "-" and _ID.issuperset(text)


class InvalidRequest(ValueError):
    """The fields do not make a request; the message says which and how to fix it."""


class Request(NamedTuple):
    """One request. Moments are epoch seconds; `priority` None means the task's own.

    item: what it is about, such as `issue 42`: by it a thing that no run gets done is known.
    """

    id: str
    task: str
    created_at: float
    context: Mapping[str, Any] = {}
    body: str = ""
    priority: Optional[int] = None
    not_before: Optional[float] = None
    expires_at: Optional[float] = None
    attempt: int = 1
    dedupe_key: str = ""
    dedupe_ttl: float = 0.0
    origin: Mapping[str, Any] = {}
    item: str = ""


# The trigger in the origin of a request that a person or a program made by one of our commands.
BY_HAND = frozenset(("manual", "retry"))


def by_hand(request: Request) -> bool:
    """Whether somebody asked for this one run, where other requests come from triggers."""
    return request.origin.get("trigger") in BY_HAND


# The triggers of requests whose context and text were typed by a person, or dropped by a program of theirs.
_OF_THE_PERSON = frozenset(("", "manual", "spool", "cron", "interval", "at", "startup"))


def came_from(request: Request) -> str:
    """The trigger that first brought a request in, also of one that was retried since; empty when its origin names none."""
    origin = request.origin
    trigger = str(origin.get("trigger") or "")
    return str(origin.get("first_trigger") or trigger) if trigger == "retry" else trigger


def is_from_outside(request: Request) -> bool:
    """Whether its context and its text are of somebody else's making: of a source, an event, another task's run."""
    return came_from(request) not in _OF_THE_PERSON


# What our dedupe keys begin with; they name a moment or another request, and no thing in the outside world.
OUR_KEYS = ("alarm:", "slot:", "retry:", "event:")


def item_of(request: Request) -> str:
    """What a request is about: what it says itself, else the file that a trigger brought it for, else its dedupe key."""
    file = request.context.get("file")
    path = file.get("path") if isinstance(file, dict) else None
    key = "" if request.dedupe_key.startswith(OUR_KEYS) else request.dedupe_key
    found = next((text for text in (request.item, path, key) if isinstance(text, str) and text), "")
    shown = "".join(letter if letter.isprintable() else " " for letter in found)
    line = " ".join(shown.split())
    if len(line) <= LONGEST_ITEM:
        return line
    # Two long names that begin alike are two things.
    short = digest(found.encode("utf-8", "replace"), 4)
    return f"{line[: LONGEST_ITEM - 9]}~{short}"


# As finely as a request file writes a moment, so that reading it back gives an equal request.
MILLISECONDS = 3

# In characters; it is in one column of a table and in every log line about it.
LONGEST_ITEM = 200

# The last moment that ISO 8601 can write.
_END_OF_TIME = 253402300799.0


def parse_priority(value: Any) -> int:
    """A priority 1-5 (5 first) from a number or low, normal, high. Raises ValueError for anything else."""
    if isinstance(value, str) and value.strip().lower() in PRIORITIES:
        return PRIORITIES[value.strip().lower()]
    if isinstance(value, bool) or not isinstance(value, int) or not LOWEST <= value <= HIGHEST:
        raise ValueError(
            f"not a priority: {quoted(value)}; write 1 to 5 (5 runs first), or low, normal, high"
        )
    return int(value)


def read_item(value: Any) -> str:
    """What a request is about, as one line. Raises ValueError."""
    line = " ".join(text(value).split())
    if not line or len(line) > LONGEST_ITEM or not line.isprintable():
        raise ValueError(f"expected one line of up to {LONGEST_ITEM} characters, found {quoted(value)}")
    return line


def _attempt(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 9999:
        raise ValueError(f"expected a whole number from 1 to 9999, found {quoted(value)}")
    return int(value)


def read_id(value: Any) -> str:
    """An id that somebody chose. Raises ValueError."""
    if not isinstance(value, str) or not is_id(value):
        raise ValueError(f"expected 4 to 48 of a-z, 0-9 and -, found {quoted(value)}")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise ValueError(f"expected the name of a task, found {quoted(value)}")
    return value


def _moment(value: Any, now: float) -> float:
    # YAML reads an unquoted ISO moment as a datetime; JSON may carry epoch seconds.
    if hasattr(value, "timestamp"):
        moment = float(value.timestamp())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        # JSON can carry NaN, infinity, and whole numbers that no float holds.
        moment = float(value) if 0 <= value <= _END_OF_TIME else -1.0
    else:
        moment = parse_moment(text(value), now)
    if not 0 <= moment <= _END_OF_TIME:
        raise ValueError(f"expected a moment from 1970 to 9999, found {quoted(value)}")
    return round(moment, MILLISECONDS)


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 <= value <= LONGEST:
            raise ValueError(f"expected seconds from 0 to 100 years, found {quoted(value)}")
        return float(value)
    return parse_duration(text(value))


def from_fields(fields: Any, *, request_id: str, created_at: float, origin: Mapping[str, Any]) -> Request:
    """The request that a dropped file's fields describe.

    `request_id`, `created_at` (epoch seconds, also the zero of `+30m`) and `origin` are what it gets where it
    names none.
    Raises InvalidRequest naming every field that is wrong.
    """
    if not isinstance(fields, dict):
        raise InvalidRequest('a request is a mapping such as {"task": "nightly"}, found ' + quoted(fields))
    readers = {
        "id": read_id,
        "task": _name,
        "context": mapping,
        "body": text,
        "priority": parse_priority,
        "created_at": lambda value: _moment(value, created_at),
        "not_before": lambda value: _moment(value, created_at),
        "expires_at": lambda value: _moment(value, created_at),
        "attempt": _attempt,
        "dedupe_key": text,
        "dedupe_ttl": _seconds,
        "origin": mapping,
        "item": read_item,
    }
    values, wrong = read(fields, readers)
    if lacks("task", values, wrong):
        wrong.append("no task named; add a field such as task: nightly")
    if wrong:
        raise InvalidRequest("; ".join(wrong))
    given = {"id": request_id, "created_at": round(created_at, MILLISECONDS), "origin": origin}
    return Request(**{**given, **values})


def to_fields(request: Request) -> dict[str, Any]:
    """The request as the fields of a JSON file; `from_fields` reads them back to an equal request."""
    defaults = Request._field_defaults
    # A moment of 0.0 is a moment (1970), not an absence; `attempt` is always written.
    fields = {
        name: value
        for name, value in request._asdict().items()
        if name == "attempt" or value != defaults.get(name, ...)
    }
    for key in ("created_at", "not_before", "expires_at"):
        if key in fields:
            fields[key] = iso(fields[key])
    return fields


class Place(NamedTuple):
    """What a file's name in `queue/`, `delayed/` or a slot says: `<microseconds>.<priority>.<id>.<dropped name>`.

    The name is an index, so that a listing is in run order; the content is the truth. microseconds: when it came (since the
    epoch), and earlier by what its score puts it ahead of others.
    """

    microseconds: int
    priority: int
    id: str
    dropped: str

    @property
    def turn(self) -> int:
        """What the requests of a lane are sorted by, the least first."""
        return turn(self.microseconds, self.priority)

    def __str__(self) -> str:
        return f"{self.microseconds:016d}.{self.priority}.{self.id}.{self.dropped}"


def on_slot_time(request: Request) -> dict[str, Any]:
    """The slot time that a request is for, as `slot_time`; nothing for others and for later attempts."""
    slot_time = request.origin.get("slot_time")
    return {"slot_time": slot_time} if slot_time and request.attempt <= 1 else {}
