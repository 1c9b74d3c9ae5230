"""The events that a run gives in its result, as effects in its record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.agents import nothing
from clodputer.model.decide import is_final
from clodputer.model.follow.keys import most
from clodputer.model.follow.line import line_of, origin_of
from clodputer.model.follow.plan import FOLLOWING
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.task import Task
from clodputer.model.triggers.event import ENDING, EVENTS, TRIGGER, InvalidEvent, of_sender, to_fields
from clodputer.model.triggers.route import TOO_DEEP, TOO_MANY, matching, routes
from clodputer.runner.memory.remember import LONGEST_LINE
from clodputer.store.context import Context

INVALID = "invalid_event"


def with_events(context: Context, task: Task, record: Mapping[str, Any], result: Any) -> dict[str, Any]:
    """The record, with the events that its run gives added to its effects, before the one that ends the request.

    Only a run that succeeded gives any. Together with its follow-ups their requests are bounded by `follow_ups` in config.yaml.
    """
    value = nothing.on_last_line(result, LONGEST_LINE) if isinstance(result, str) else result
    given = context.masker.data(value).get(EVENTS) if isinstance(value, Mapping) else None
    return with_these(context, task, record, given)


def with_these(context: Context, task: Task, record: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """The record with events that its run gives added to those it has. given: a list of their fields; None for none."""
    effects, origin = list(record["effects"]), record["origin"]
    if (
        given in (None, [])
        or record["outcome"] != SUCCEEDED
        or not effects
        or not is_final(effects)
        or origin.get("follow_ups") is False
    ):
        return dict(record)
    more = _effects(context, task, record, given)
    return {**record, "effects": [*effects[:-1], *more, effects[-1]]}


def _effects(context: Context, task: Task, record: Mapping[str, Any], given: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(given, list):
        yield _cut(0, "", INVALID, f"{EVENTS} is not a list of events")
        return
    bounds, known = most(context.settings.follow_ups), routes(context.settings.routes)
    run_id, origin = str(record["run_id"]), record["origin"]
    line = line_of(origin, str(record["request_id"]))
    number = sum(effect.get("effect") in FOLLOWING for effect in record["effects"])
    before = sum(effect.get("on") == EVENTS for effect in record["effects"])
    for place, fields in enumerate(given, before):
        if place >= bounds.width:
            yield _cut(place, "", TOO_MANY, f"one run has at most {bounds.width} events")
            return
        try:
            event = of_sender(fields, task.name, f"{run_id} {EVENTS} {place}")
        except InvalidEvent as error:
            yield _cut(place, "", INVALID, str(error))
            continue
        wanted = len(matching(known, event))
        if wanted and line.depth >= bounds.depth:
            yield _cut(place, event.type, TOO_DEEP, f"it would be more than {bounds.depth} follow-ups deep")
        elif number + wanted > bounds.width:
            yield _cut(place, event.type, TOO_MANY, f"one run has at most {bounds.width} follow-ups")
        else:
            number += wanted
            from_run = origin_of(TRIGGER, line, task.name, run_id)
            yield {
                "effect": "event",
                "on": EVENTS,
                "place": place,
                "target": event.type,
                "name": f"{task.name}@event-{event.id}{ENDING}",
                "event": to_fields(event._replace(origin=from_run)),
            }


def _cut(place: int, kind: str, code: str, message: str) -> dict[str, Any]:
    return {
        "effect": "not_followed",
        "on": EVENTS,
        "place": place,
        "form": "event",
        "target": kind,
        "code": code,
        "message": message[:1000],
    }
