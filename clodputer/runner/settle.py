"""Settle: write the outcome, perform its effects, leave the slot; in an order that may be repeated after a crash."""

from __future__ import annotations

import os
from time import time

from clodputer.model.record import masked
from clodputer.model.request import Place
from clodputer.runner import scratch
from clodputer.store import hold, runs
from clodputer.store.context import Surroundings
from clodputer.store.spool import layout, queue, slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Nobody can be kept from writing a secret into a request, but no file that stays holds it. So that request cannot be retried.
MASKED = "masked"


def settle(
    around: Surroundings, lane: str, place: Place, record: Mapping[str, Any], ended_at: float
) -> dict[str, Any]:
    """Make a run's end lasting: record first, then what follows from it, last the request's way out of the slot.

    `ended_at`: what the record says of it, in epoch seconds. Returns the record as it was written, secrets masked.

    Whatever is interrupted is repeated whole by the next holder of the slot (`recover`): the record says which effects the
    run has, each may be performed twice, and the rename at the end can happen only once. So of all this only the record is
    made durable: after a power cut the request may be in the slot again, and then leaves it as the record says. Raises OSError.
    """
    record = masked(record, around.masker)
    task, run_id = str(record["task"]), str(record["run_id"])
    folder = runs.folder(around.home, task, run_id)
    runs.write_json(f"{folder}/record.json", record, durable=True)
    around.log(ended_at, "finished", **_line(record))
    if record["swept"]:
        around.log(ended_at, "swept", **_line(record, "swept"))
    for effect in record["effects"]:
        _perform(around, lane, place, run_id, folder, effect)
    slot.unmark(around.home, lane, task, run_id)
    slot.forget_cancels(around.home, lane)
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
    around: Surroundings, lane: str, place: Place, run_id: str, folder: str, effect: Mapping[str, Any]
) -> None:
    in_slot = slot.path(around.home, lane, place)
    kind = effect["effect"]
    if kind == "hold":
        hold.place(
            around.home, effect["lane"], hold.Hold(effect["reason"], effect["message"], effect["until"])
        )
    elif kind == "put_back":
        if slot.cancel_asked(around.home, lane, place.id) and os.path.lexists(in_slot):
            from clodputer.runner.requests.close import close_cancelled

            close_cancelled(around, in_slot, place.id, place.dropped, time(), lane=lane, run_id=run_id)
        _leave(in_slot, queue.path(around.home, lane, place))
    elif kind == "finish":
        _keep(around, in_slot, folder, os.path.splitext(place.dropped)[1])
    elif kind == "bury" and os.path.lexists(in_slot):
        bury(around, in_slot, place, f"Its run {run_id} ended as {effect['code']}: see {folder}/record.json.")


def bury(around: Surroundings, path: str, place: Place, reason: str) -> str:
    """Move a request to `dead/` under its id and dropped name, with the reason beside it; where it is now."""
    return layout.set_aside(
        around.home, path, around.home.dead, f"{place.id}.", place.dropped, around.masker.text(reason)
    )


def _keep(around: Surroundings, in_slot: str, folder: str, extension: str) -> None:
    """Put what was dropped into the run's folder; masked, and under a name that says so, if it holds a secret."""
    kept = f"{folder}/dropped{extension}"
    _leave(in_slot, kept)
    if scratch.mask_file(kept, around.masker):
        os.rename(kept, f"{folder}/{MASKED}{extension}")


def _leave(path: str, target: str) -> None:
    try:
        os.rename(path, target)
    except FileNotFoundError:
        return  # a repetition: it left before the crash
