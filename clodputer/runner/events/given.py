"""The events that a run gives in its result, as effects in its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.agents import nothing
from clodputer.model.decide import is_final
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.task import Task
from clodputer.model.triggers.event import EVENTS
from clodputer.runner.events.effects import effects_of
from clodputer.runner.memory.remember import LONGEST_LINE
from clodputer.store.context import Context


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
    more = effects_of(context, task, record, given)
    return {**record, "effects": [*effects[:-1], *more, effects[-1]]}
