"""On the node: what a job runs. It makes the attempt at its request and settles it with the same code as at home."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic, time
from typing import Any, Optional

from clodputer.runner import fault
from clodputer.runner.claimed import handle
from clodputer.runner.processes.stop import Stop
from clodputer.runner.recover import give_up, recover
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.store.spool.slot import Slot

# Whoever looks at the job at home holds the slot for moments, with an engine's answer at most half a minute.
PATIENCE = 120.0
GLANCE = 0.2


def run_job(context: Context, name: str, stop: Stop) -> tuple[Mapping[str, Any], ...]:
    """Run the request whose job has that name; the record of its run, or none when it is not ours to run (any more).

    Raises OSError and ClodputerError.
    """
    found = _find(context, name)
    if found is None:
        return ()  # it was cancelled, or another job has it by now
    slot, submitted = found
    lock, give_up_at = slots.lock(context.home, slot), monotonic() + PATIENCE
    while not lock.acquire():
        if monotonic() > give_up_at or stop.requested:
            return ()  # it goes back to its queue when the engine says that the job has ended
        stop.wait(GLANCE)
    try:
        return _run(context._replace(job=name), slot, submitted, stop)
    finally:
        lock.release()


def _find(context: Context, name: str) -> Optional[tuple[Slot, Submitted]]:
    for slot, submitted in jobs.everywhere(context.home):
        if submitted.job.name == name:
            return slot, submitted
    return None


def _run(context: Context, slot: Slot, submitted: Submitted, stop: Stop) -> tuple[Mapping[str, Any], ...]:
    now = jobs.read(context.home, slot)
    if now is None or now.job.name != submitted.job.name:
        return ()
    content, records = slots.content(context.home, slot), []
    place = content.place
    if content.run_id:
        # The engine starts the job once more, although it is told not to: what it has left is handled first.
        recover(context, slot, time())
        place = slots.content(context.home, slot).place
    for attempt in range(1, fault.TRIES + 1):
        if place is None or place.id != submitted.request_id:
            break
        try:
            record = handle(context, slot, place, stop, History(context.home))
            records += [record] if record is not None else []
            break
        except Exception as error:
            if not fault.charged(error):
                raise
            fault.report(context, error, "job", place.id, slot.lane)
            content = slots.content(context.home, slot)
            if content.run_id or attempt == fault.TRIES:
                (recover if content.started else give_up)(context, slot, time())
                break
    # A request that was put back because we are to end is looked after at home, by the end of this job.
    if not stop.requested:
        jobs.forget(context.home, slot, submitted)
    return tuple(records)
