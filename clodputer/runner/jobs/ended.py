"""Ended: what becomes of a request whose job has come to its end at the engine, begun or not."""

from __future__ import annotations

import os
from time import time

from clodputer import engines
from clodputer.effects.bury import bury
from clodputer.effects.close import close_cancelled
from clodputer.model.engine import job as jobmodel
from clodputer.model.engine.job import CANCELLED, CLOSE, HOLD, MEMORY, TIME
from clodputer.runner.jobs import waiting
from clodputer.runner.recover import put_back, recover
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.records import runs
from clodputer.store.spool import find
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.store.spool.slot import Slot


def end(context: Context, slot: Slot, submitted: Submitted) -> None:
    """See to a request whose job has ended; for whoever holds the slot's lock. May be killed and repeated. Raises OSError.

    Its run is settled if it was begun; what was not begun goes back, or is closed when somebody cancelled the job.
    """
    # First what is known: what we write makes a network file system show us the folder as it is, not as it was.
    jobs.write(context.home, slot, submitted, durable=False)
    place, task, run_id, _ = slots.content(context.home, slot)
    said = jobmodel.sentence(submitted.engine, submitted.job)
    if place is None:
        if run_id:
            slots.unmark(context.home, slot, task, run_id)
        _left(context, slot, submitted, said)
    elif run_id:
        _refresh(runs.folder(context.home, task, run_id))
        recover(context, slot, time(), elsewhere=f"The {said}.")
    elif slots.cancel_asked(context.home, slot, place.id):
        recover(context, slot, time())
    else:
        path, decision = slots.path(context.home, slot, place), jobmodel.unbegun(submitted.job)
        if decision == CLOSE:
            close_cancelled(context, path, place.id, place.dropped, time(), f"its {said}", lane=slot.lane)
        else:
            if decision == HOLD:
                message = jobmodel.reason_to_hold(
                    submitted.engine, submitted.job, context.home.root, _printed(context, submitted)
                )
                waiting.hold_lane(context, slot.lane, message, time(), request_id=place.id)
            put_back(context, slot, place)
            context.log(
                time(),
                "recovered",
                request_id=place.id,
                lane=slot.lane,
                action="put_back",
                message=f"The {said}.",
            )
    jobs.forget(context.home, slot, submitted)


def _printed(context: Context, submitted: Submitted) -> str:
    """Where what the job printed is to be read."""
    log = jobs.output(context.home, submitted.job.name)
    return engines.load(submitted.engine).printed(submitted.job, log) if submitted.engine else log


def _left(context: Context, slot: Slot, submitted: Submitted, said: str) -> None:
    """A run that was told to stop has put its request back: unless its job would end so again, it waits."""
    if submitted.job.end not in (CANCELLED, TIME, MEMORY):
        return
    for found in find.in_lane(
        context.home, slot.lane, find.DELAYED, find.QUEUED, part=f".{submitted.request_id}."
    ):
        if found.place is None or found.id != submitted.request_id:
            continue
        try:
            if submitted.job.end == CANCELLED:
                close_cancelled(
                    context, found.path, found.id, found.name, time(), f"its {said}", lane=slot.lane
                )
            else:
                kept = bury(context, found.path, found.place, "job_ended", f"The {said}.")
                context.log(
                    time(),
                    "buried",
                    request_id=found.id,
                    reason="job_ended",
                    message=f"The {said}.",
                    kept=kept,
                )
        except FileNotFoundError:
            continue  # somebody was quicker


def _refresh(folder: str) -> None:
    """Have a network file system show us the folder of a run as it is. Raises OSError."""
    if os.path.isdir(folder):
        atomic.write(f"{folder}/.looked", b"", durable=False)
        atomic.remove(f"{folder}/.looked")
