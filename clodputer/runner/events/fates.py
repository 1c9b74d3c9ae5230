"""What the routes would make of an event as things are: a request, or why there is none; nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.follow.keys import most
from clodputer.model.follow.line import line_of
from clodputer.model.text.jsontext import DEEPEST, is_shallow
from clodputer.model.triggers.event import TRIGGER, Event, brought, line_fields
from clodputer.model.triggers.route import (
    NOT_FILLED_IN,
    REPEATED,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY,
    Route,
    matching,
    refusal,
    request_id,
    routes,
)
from clodputer.runner.follow.fill import filled
from clodputer.store.context import Context
from clodputer.store.spool import drop, dropfile
from clodputer.store.triggers import routes as ledger

# For so long, in seconds, a request that was dropped twice stays one: longer than any exec is away that was killed in between.
TTL = 31 * 86400.0


class Fate(NamedTuple):
    """What one route makes of an event: the fields of a request, or none and why. place: the route's in config.yaml."""

    place: int
    route: Route
    request_id: str
    request: Mapping[str, Any] = {}
    code: str = ""
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "place": self.place,
            "route": self.route.to_json(),
            "code": self.code or None,
            "message": self.message or None,
            "request": dict(self.request) or None,
        }


def fates(context: Context, event: Event, now: float) -> list[Fate]:
    """What each route that matches would make of the event at `now` (epoch seconds). Raises OSError."""
    known = routes(context.settings.routes)
    bounds, line = most(context.settings.follow_ups), line_of(event.origin, event.id)
    found: list[Fate] = []
    for route in matching(known, event):
        place, own = known.index(route), request_id(event, route)
        code, message = refusal(route, event, ledger.taken(context.home, route), now)
        if _is_made(context, event, route, now):
            code, message = REPEATED, f"this event has made its request before ({own})"
        elif line.depth > bounds.depth:
            code, message = TOO_DEEP, f"it would be more than {bounds.depth} follow-ups deep"
        elif not code and sum(fate.code in ("", REPEATED) for fate in found) >= bounds.width:
            code, message = TOO_MANY, f"one event has at most {bounds.width} requests"
        found.append(
            Fate(place, route, own, {}, code, message) if code else _request(event, place, route, own)
        )
    return found


def _is_made(context: Context, event: Event, route: Route, now: float) -> bool:
    """Whether the request that the route makes of the event was taken in already, perhaps long ago. Raises OSError."""
    entry = drop.entry(context.home, _key(event, route))
    return entry is not None and now < entry.accepted_at + TTL


def _key(event: Event, route: Route) -> str:
    """The dedupe key of a request: by it one that is dropped once more, after a kill, is known."""
    return f"event:{event.id}:{route.key}"


def _request(event: Event, place: int, route: Route, own: str) -> Fate:
    problem, given = filled(route.given, {"env": {}, "event": brought(event)})
    if problem:
        return Fate(place, route, own, {}, NOT_FILLED_IN, f"its template: {problem}")
    request: dict[str, Any] = {
        "id": own,
        "task": route.to,
        "context": {**given, "event": brought(event)},
        "dedupe_key": _key(event, route),
        "dedupe_ttl": TTL,
        "origin": {
            **line_fields(event),
            "trigger": TRIGGER,
            "event": {"id": event.id, "from": event.sender, "type": event.type},
        },
    }
    if event.item:
        request["item"] = event.item
    if not is_shallow(request):
        message = f"its request would be nested deeper than {DEEPEST} levels"
        return Fate(place, route, own, {}, TOO_LARGE, message)
    size = len(drop.written(request))
    if size > dropfile.LARGEST:
        message = f"its request would have {size:,} bytes, more than {dropfile.LARGEST:,}"
        return Fate(place, route, own, {}, TOO_LARGE, message)
    return Fate(place, route, own, request)
