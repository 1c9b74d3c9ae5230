"""Jobs of a lane looked at and handled: those that have ended are settled, and what waits is submitted."""

from __future__ import annotations

import os
from collections import Counter
from time import time
from typing import Optional

from clodputer import engines
from clodputer.engines.tool import Refused
from clodputer.model.engine import job as jobmodel
from clodputer.model.engine.job import ENDED, RUNNING
from clodputer.model.queue.lanes import slots as slots_of
from clodputer.runner import fault
from clodputer.runner.claimed import handle
from clodputer.runner.jobs import waiting
from clodputer.runner.jobs.ended import end
from clodputer.runner.jobs.withdraw import cancel_job
from clodputer.runner.processes.stop import Stop
from clodputer.runner.recover import give_up, put_back, recover
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.records.history import History
from clodputer.store.spool import idle
from clodputer.store.spool import slot as slots
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.store.spool.slot import Slot

# A run that was asked to end has its own grace; after so many seconds its job is ended at the engine.
PATIENCE = 120.0


def look(context: Context, lane: str, engine: str, known: list[tuple[Slot, Submitted]]) -> bool:
    """Look at the jobs of a lane at one engine; whether any request has moved."""
    if not known:
        return False
    settings, moved = context.settings.lanes.get(lane, {}), False
    try:
        names = [submitted.job.name for _, submitted in known if submitted.job.name]
        found = engines.load(engine).look(names, settings, context.environ) if names and engine else {}
    except Refused as error:
        message = f"{engine} does not report the state of its jobs: {context.masker.text(str(error))}"
        waiting.hold_lane(context, lane, message, time())
        return False
    for slot, before in known:
        job = found.get(before.job.name) or jobmodel.gone(before.job.name, before.job.id)
        after = before._replace(job=job)
        with slots.lock(context.home, slot) as held:
            # It is held while the run goes on, wherever that is.
            if held and jobs.read(context.home, slot) == before:
                moved |= _see_to(context, slot, before, after)
            elif not held and _overdue(context, slot, before, job):
                _end_at_engine(context, slot, after)
    return moved


def _see_to(context: Context, slot: Slot, before: Submitted, after: Submitted) -> bool:
    content = slots.content(context.home, slot)
    if after.job.state == ENDED:
        with doing(f"handling the job of request {after.request_id}", slots.folder(context.home, slot)):
            end(context, slot, after)
        return True
    if (
        content.place is not None
        and not content.run_id
        and slots.cancel_asked(context.home, slot, content.place.id)
    ):
        # Closed first: should the engine still start the job, that finds nothing to do.
        recover(context, slot, time())
        _end_at_engine(context, slot, after)
        jobs.forget(context.home, slot, after)
        return True
    if after != before:
        jobs.write(context.home, slot, after, durable=False)
    if _overdue(context, slot, before, after.job):
        _end_at_engine(context, slot, after)
    return False


def _overdue(context: Context, slot: Slot, submitted: Submitted, job: jobmodel.Job) -> bool:
    """Whether a run goes on although its end was asked for some time ago."""
    if job.state != RUNNING:
        return False
    try:
        asked = os.lstat(slots.cancel_path(context.home, slot, submitted.request_id)).st_mtime
    except OSError:
        return False
    return time() - asked > PATIENCE


def _end_at_engine(context: Context, slot: Slot, submitted: Submitted) -> None:
    try:
        cancel_job(context, slot.lane, submitted)
    except Refused as error:
        context.log(
            time(),
            "engine_waits",
            lane=slot.lane,
            request_id=submitted.request_id,
            message=f"{submitted.engine} did not end job {submitted.job.id}: {context.masker.text(str(error))}",
        )


def fill(context: Context, lane: str, stop: Stop, failures: Counter[str]) -> bool:
    """Submit what waits in a lane, a job for each free slot; whether any request has moved."""
    moved = False
    history: Optional[History] = None
    for number in range(slots_of(context.settings.lanes, lane)):
        slot = Slot(lane, number)
        if jobs.read(context.home, slot) is not None or (
            slots.empty(context.home, slot) and not idle.count_queued(context.home, lane, 1)
        ):
            continue
        if not os.path.isdir(slots.folder(context.home, slot)):
            slots.make(context.home, slot)
        with slots.lock(context.home, slot) as held:
            history = history or History(context.home)
            moved |= held and _submit_one(context, slot, stop, history, failures)
        if stop.requested or _held(context, lane):
            break
    return moved


def _submit_one(context: Context, slot: Slot, stop: Stop, history: History, failures: Counter[str]) -> bool:
    """Have one request of the lane submitted, passing over those that are not to be run now; whether any has moved."""
    moved, requests = False, Queue(context.home, slot)
    if jobs.read(context.home, slot) is not None:
        return False
    while not stop.requested and not _held(context, slot.lane):
        moved |= _put_in_order(context, slot, failures)
        place = requests.claim()
        if place is None:
            break
        if any(known.request_id == place.id for _, known in jobs.everywhere(context.home)):
            # Its last job is being ended. How, decides whether there is another one; the engine says it to a later look.
            put_back(context, slot, place)
            break
        try:
            handle(context, slot, place, stop, history)
        except Exception as error:
            if not fault.charged(error):
                raise
            fault.report(context, error, "submit", place.id, slot.lane)
            failures[place.id] += 1
            continue
        moved = moved or not _held(context, slot.lane)
        if not slots.empty(context.home, slot):
            break
    return moved


def _put_in_order(context: Context, slot: Slot, failures: Counter[str]) -> bool:
    """Put back what a killed exec has left, give up what fails again and again; whether anything lay there."""
    if slots.empty(context.home, slot):
        return False
    submitted, place = jobs.read(context.home, slot), slots.content(context.home, slot).place
    if place is not None and failures[place.id] >= fault.TRIES:
        give_up(context, slot, time())
    else:
        recover(context, slot, time())
    if submitted is not None:
        jobs.forget(context.home, slot, submitted)
    return True


def _held(context: Context, lane: str) -> bool:
    return holds.current(context.home, holds.targets(lane), time()) is not None
