"""The gate of parked items: new requests about a thing that no run gets done wait until a person has looked at it."""

from __future__ import annotations

from clodputer.model.config.keys import COUNT, Key
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import PARKED
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import parked

KEYS: tuple[Key, ...] = (
    Key(
        "park_after",
        COUNT,
        3,
        "After so many runs about one item that ended without success, its request is parked once it has no attempt left, and "
        "new requests about that item wait for `clodputer unpark`. `0`: never.",
        smallest=0,
        largest=1000,
        example=5,
    ),
)


def check(task: Task, request: Request, _history: History, context: Context, _now: float) -> Verdict:
    """As `Gate.check` says. The request's item is filled in (`model.request.item_of`)."""
    if not request.item or not parked.is_parked(context.home, task.name, request.item):
        return GO
    return Wait(None, PARKED, f"{request.item} is parked, as no run could finish it")
