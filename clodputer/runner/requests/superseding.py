"""Superseding: a run about an issue stands for older requests about it that still ask a person, and these are closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.gates.approval import PLANNED
from clodputer.model.github.rule import WORDS, supersedes
from clodputer.model.request import Request, item_of
from clodputer.runner import items
from clodputer.store.context import Context
from clodputer.store.spool.requests import asking

# So many at most; there is one, but for homes in which they have gathered.
MOST = 100


def with_superseded(
    context: Context, request: Request, record: Mapping[str, Any], *, carried_out: bool
) -> dict[str, Any]:
    """The record, with the older requests that the run stands for among its effects.

    carried_out: whether its agent was started to carry out the task, so that all gates had let it pass. Raises OSError.
    """
    rule, planned = items.rule(request), record["reason"] == PLANNED
    effects = list(record["effects"])
    if not rule or not (planned or carried_out) or not effects:
        return dict(record)
    item, me = item_of(request), (request.created_at, request.id)
    older = [
        one.request.id
        for one in asking.about(context.home, request.task, item)
        if (one.request.created_at, one.request.id) < me
        and supersedes(rule, items.rule(one.request), planned=planned)
    ][:MOST]
    if not older:
        return dict(record)
    does = "has made a new plan" if planned else "was run"
    message = f"Request {request.id} about {item} has taken its place: {WORDS[rule]}, and it {does}."
    more = {"effect": "supersede", "requests": older, "message": message}
    return {**record, "effects": [*effects[:-1], more, effects[-1]]}
