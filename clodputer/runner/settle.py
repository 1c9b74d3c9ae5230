"""Settle: write the outcome, perform its effects, leave the slot; in an order that may be repeated after a crash."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.isolate import scratch
from clodputer.model.record import masked
from clodputer.model.request import Place
from clodputer.runner.requests.close import close_cancelled
from clodputer.store import holds, runs
from clodputer.store.context import Context
from clodputer.store.spool import layout, queue, slot

# Nobody can be kept from writing a secret into a request, but no file that stays holds it. So that request cannot be retried.
MASKED = "masked"


def settle(
    context: Context, lane: str, place: Place, record: Mapping[str, Any], ended_at: float
) -> dict[str, Any]:
    """Make a run's end lasting: record first, then what follows from it, last the request's way out of the slot.

    `ended_at`: what the record says of it, in epoch seconds. Returns the record as it was written, secrets masked.

    Whatever is interrupted is repeated whole by the next holder of the slot (`recover`): the record says which effects the
    run has, each may be performed twice, and the rename at the end can happen only once. So of all this only the record is
    made durable: after a power cut the request may be in the slot again, and then leaves it as the record says. Raises OSError.
    """
    record = masked(record, context.masker)
    task, run_id = str(record["task"]), str(record["run_id"])
    folder = runs.folder(context.home, task, run_id)
    runs.write_json(f"{folder}/record.json", record, durable=True)
    context.log(ended_at, "finished", **_line(record))
    if record["swept"]:
        context.log(ended_at, "swept", **_line(record, "swept"))
    for effect in record["effects"]:
        _perform(context, lane, place, run_id, folder, effect)
    slot.unmark(context.home, lane, task, run_id)
    slot.forget_cancels(context.home, lane)
    return dict(record)


def _line(record: Mapping[str, Any], *more: str) -> dict[str, Any]:
    keys = (
        "task",
        "request_id",
        "run_id",
        *(more or ("outcome", "reason", "message", "duration_seconds", "cost_usd")),
    )
    return {key: record[key] for key in keys}


def _perform(
    context: Context, lane: str, place: Place, run_id: str, folder: str, effect: Mapping[str, Any]
) -> None:
    in_slot = slot.path(context.home, lane, place)
    kind = effect["effect"]
    if kind == "hold":
        holds.place(
            context.home,
            holds.Target(effect["scope"], effect["name"]),
            holds.Hold(effect["reason"], effect["message"], effect["since"], effect["until"]),
            extend=True,
        )
    elif kind == "put_back":
        if slot.cancel_asked(context.home, lane, place.id) and os.path.lexists(in_slot):
            close_cancelled(context, in_slot, place.id, place.dropped, time(), lane=lane, run_id=run_id)
        _leave(in_slot, queue.path(context.home, lane, place))
    elif kind == "finish":
        _keep(context, in_slot, folder, os.path.splitext(place.dropped)[1])
    elif kind == "bury" and os.path.lexists(in_slot):
        bury(
            context, in_slot, place, f"Its run {run_id} ended as {effect['code']}: see {folder}/record.json."
        )


def bury(context: Context, path: str, place: Place, reason: str) -> str:
    """Move a request to `dead/` under its id and dropped name, with the reason beside it; where it is now."""
    return layout.set_aside(
        context.home, path, context.home.dead, f"{place.id}.", place.dropped, context.masker.text(reason)
    )


def _keep(context: Context, in_slot: str, folder: str, extension: str) -> None:
    """Put what was dropped into the run's folder; masked, and under a name that says so, if it holds a secret."""
    kept = f"{folder}/dropped{extension}"
    _leave(in_slot, kept)
    if scratch.mask_file(kept, context.masker):
        os.rename(kept, f"{folder}/{MASKED}{extension}")


def _leave(path: str, target: str) -> None:
    try:
        os.rename(path, target)
    except FileNotFoundError:
        return  # a repetition: it left before the crash
