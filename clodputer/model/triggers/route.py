"""Routes: which tasks an event is for, by exact strings; and what keeps a route from making a request of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.config.fields import writable
from clodputer.model.config.keys import COUNT, DURATION, LISTED, MAPPING, NAME, TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.numbers.digest import digest
from clodputer.model.triggers.event import Event, is_type

DAY = 86400.0
USUAL_DEDUPE, USUAL_MOST = DAY, 100

# Why an event does not become the request of a route that matches.
DUPLICATE, REPEATED, DAILY_CAP = "duplicate", "repeated", "daily_cap"
TOO_DEEP, TOO_MANY, NOT_FILLED_IN, TOO_LARGE = "too_deep", "too_many", "not_filled_in", "too_large"
# Of these there is a request already; an event of which nothing else became is not kept.
SERVED = (DUPLICATE, REPEATED)


class Route(NamedTuple):
    """One item of `routes`. given: its `with`. dedupe: in seconds."""

    sender: str
    type: str
    to: str
    given: Mapping[str, Any] = {}
    dedupe: float = USUAL_DEDUPE
    max_per_day: int = USUAL_MOST

    @property
    def key(self) -> str:
        """A name for the route that stays the same until it is changed, but for its limits."""
        text = dumps([self.sender, self.type, self.to, self.given], sort_keys=True, default=str)
        return digest(text.encode("utf-8", "replace"), 8)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "from": self.sender,
            "type": self.type,
            "to": self.to,
            "with": dict(self.given),
            "dedupe_seconds": self.dedupe,
            "max_per_day": self.max_per_day,
        }


class Taken(NamedTuple):
    """An event that a route has made a request of, at `at` (epoch seconds). key: the digest of its dedupe key."""

    event_id: str
    key: str
    at: float


def _given(value: Any) -> Any:
    if "event" in value:
        raise Expected("other names than event", "; `{{ event.x }}` is there without it")
    try:
        return writable(value)
    except ValueError as error:
        raise Expected("values that JSON can hold", f" ({error})") from None


def _event_type(text: str) -> str:
    if not is_type(text):
        raise Expected("the type of an event: letters, digits and . _ : / -, exactly as the event has it")
    return text


SETTING = Key(
    "routes",
    LISTED,
    (),
    "Which tasks run when an [event](events.md) comes: a list of routes. An event becomes one request for each route that "
    "matches it.",
    keys=(
        Key("from", NAME, help="The name of the sender of the event.", required=True, example="ci"),
        Key(
            "type",
            TEXT,
            help="The type of the event, exactly.",
            check=_event_type,
            required=True,
            example="build.failed",
        ),
        Key("to", NAME, help="The task that runs.", required=True, example="repair"),
        Key(
            "with",
            MAPPING,
            {},
            "Values for `{{ context.x }}` in the prompt of that task. Their texts may name `{{ event.x }}`.",
            check=_given,
            example={"branch": "{{ event.payload.branch }}"},
        ),
        Key(
            "dedupe",
            DURATION,
            USUAL_DEDUPE,
            "For this long, another event with the same `dedupe_key` makes no request by this route.",
            0,
            31 * DAY,
            example="2h",
        ),
        Key(
            "max_per_day",
            COUNT,
            USUAL_MOST,
            "The most requests of this route within any 24 hours. What comes beyond is kept, not run.",
            1,
            1000,
            example=20,
        ),
    ),
    absent="no event becomes a request",
    takes="list of mappings",
    example=[{"from": "ci", "type": "build.failed", "to": "repair"}],
)


def routes(listed: Iterable[Mapping[str, Any]]) -> tuple[Route, ...]:
    """The value of `routes` in the settings."""
    return tuple(
        Route(
            one["from"],
            one["type"],
            one["to"],
            one.get("with", {}),
            one.get("dedupe", USUAL_DEDUPE),
            one.get("max_per_day", USUAL_MOST),
        )
        for one in listed
    )


def matching(known: Iterable[Route], event: Event) -> list[Route]:
    """The routes that an event takes, in their order."""
    return [route for route in known if (route.sender, route.type) == (event.sender, event.type)]


def repeated(known: Sequence[Route]) -> Iterator[tuple[int, int]]:
    """The places of routes that are there twice, each with that of the first one: both would make the same request."""
    first: dict[str, int] = {}
    for place, route in enumerate(known):
        if first.setdefault(route.key, place) != place:
            yield place, first[route.key]


def refusal(route: Route, event: Event, taken: Iterable[Taken], now: float) -> tuple[str, str]:
    """Why the route makes no request of an event at `now` (epoch seconds), as code and message; empty when it makes one.

    An event that the route has taken already, before a kill, it takes again: its request has the same id.
    """
    others = [one for one in taken if one.event_id != event.id and now - one.at > -DAY]
    if any(one.event_id == event.id for one in taken):
        return "", ""
    if event.dedupe_key and any(one.key == key_of(event) and now - one.at < route.dedupe for one in others):
        return DUPLICATE, "an event with this dedupe_key came before"
    if sum(now - one.at < DAY for one in others) >= route.max_per_day:
        return DAILY_CAP, f"the route has made {route.max_per_day} requests in 24 hours (max_per_day)"
    return "", ""


def after(route: Route, event: Event, taken: Iterable[Taken], now: float) -> tuple[Taken, ...]:
    """What is to be remembered of a route once it has taken an event at `now`; what is too old is left out."""
    longest = max(route.dedupe, DAY)
    kept = [one for one in taken if one.event_id != event.id and -DAY < now - one.at < longest]
    own = next((one for one in taken if one.event_id == event.id), Taken(event.id, key_of(event), now))
    return (*kept, own)


def key_of(event: Event) -> str:
    """The digest of the event's dedupe key; empty for none."""
    return digest(event.dedupe_key.encode("utf-8", "replace"), 8) if event.dedupe_key else ""


def request_id(event: Event, route: Route) -> str:
    """The id of the request that a route makes of an event: always the same for the two."""
    return digest(f"{event.id} {route.key}".encode(), 4)


def file_name(to: str, request: str) -> str:
    """The name under which the request is dropped; '@' is in no task's name."""
    return f"{to}@event-{request}.json"
