"""Drain: take in, run all that is runnable, release, look once more; the loop of the house."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic, time
from typing import Any, NamedTuple, Optional

from clodputer.runner.claimed import handle
from clodputer.runner.due import drop_due
from clodputer.runner.intake import intake
from clodputer.runner.lanes import side_by_side
from clodputer.runner.processes.stop import Stop
from clodputer.runner.recover import recover
from clodputer.runner.tidy import tidy
from clodputer.store import holds, idle, look
from clodputer.store import home as homes
from clodputer.store.context import Context
from clodputer.store.spool import layout, slot
from clodputer.store.spool.queue import Queue

# How long `exec` stays for files that look unfinished, or that are not quiet yet in a watched folder, in seconds: longer than
# any of them is given (`decide.UNFINISHED_FOR`), unless its writer goes on writing; then the next alarm finds it.
PATIENCE = 10.0
GLANCE = 0.2


class Worked(NamedTuple):
    """What one `exec` did: the records of its runs in short, and how many drops it let in, coalesced and rejected."""

    runs: tuple[Mapping[str, Any], ...] = ()
    queued: int = 0
    coalesced: int = 0
    rejected: int = 0


def work(context: Context, stop: Stop, only: str = "") -> Worked:
    """Do all there is to do, and return when nothing is runnable, or when we are told to stop.

    First of all, what is due is dropped: of the task `only` when its alarm went off, else of every task.

    Never waits for another exec: whoever holds a slot when we are refused looks again after releasing it, thus after our
    request was there to be seen. Without that last look requests are stranded (tests/system/test_race.py shows both).
    Raises OSError and ClodputerError; what was claimed then is recovered by the next exec.
    """
    worked, held = Worked(), False
    homes.complete(context.home)
    patient_until = monotonic() + PATIENCE
    while not stop.requested:
        now = time()
        # After runs every watched folder is looked at: launchd and systemd lose what changes while their job runs.
        if only or look.anything_due(context.home, now, watched=held):
            drop_due(context, only or None, now, watched=held)
            only = ""  # its alarm is answered
        taken = intake(context, now)
        for lane, request_id in layout.promote(context.home, now):
            context.log(now, "promoted", request_id=request_id, lane=lane)
        worked = worked._replace(
            queued=worked.queued + taken.queued,
            coalesced=worked.coalesced + taken.coalesced,
            rejected=worked.rejected + taken.rejected,
        )
        held, records = _drain_lanes(context, runnable(context, now), stop)
        worked = worked._replace(runs=worked.runs + records)
        if held:
            patient_until = monotonic() + PATIENCE
        if held or (not taken.refused and idle.count_drops(context.home) > taken.unfinished + taken.stuck):
            continue  # the look after the release, of a slot or of the intake
        # A file that is not quiet yet, in `new/` or in a watched folder: nobody calls us again when it is.
        waits = taken.unfinished or look.settling(context.home, now + patient_until - monotonic())
        if waits and monotonic() < patient_until:
            stop.wait(GLANCE)
            continue
        break
    tidy(context, time(), stop)
    return worked


def runnable(context: Context, now: float) -> list[str]:
    """The lanes with work that may be done at `now`: not on hold, or with something left in the slot to recover."""
    return [
        lane
        for lane in idle.lanes_with_work(context.home, now)
        if holds.current(context.home, holds.targets(lane), now) is None or _left_in_slot(context, lane)
    ]


def _left_in_slot(context: Context, lane: str) -> bool:
    content = slot.content(context.home, lane)
    return content.place is not None or bool(content.run_id)


def _drain_lanes(
    context: Context, lanes: list[str], stop: Stop
) -> tuple[bool, tuple[Mapping[str, Any], ...]]:
    """Drain the lanes; whether we held any of their slots, and the records. Several lanes run side by side."""
    if len(lanes) > 1:
        return side_by_side(lanes, lambda lane, its_stop: drain_lane(context, lane, its_stop), stop)
    held = False
    records: tuple[Mapping[str, Any], ...] = ()
    for lane in lanes:
        found = drain_lane(context, lane, stop)
        held = held or found is not None
        records += found or ()
    return held, records


def drain_lane(context: Context, lane: str, stop: Stop) -> Optional[tuple[Mapping[str, Any], ...]]:
    """Run a lane's requests, highest priority first, until none is left; None at once when another process holds its slot."""
    with slot.lock(context.home, lane) as held:
        if not held:
            return None
        records = []
        if not slot.empty(context.home, lane):
            recover(context, lane, time())
        queue = Queue(context.home, lane)
        while not stop.requested and holds.current(context.home, holds.targets(lane), time()) is None:
            place = queue.claim()
            if place is None:
                break
            record = handle(context, lane, place, stop)
            if record is not None:
                records.append(record)
            _look_around(context)
        return tuple(records)


def _look_around(context: Context) -> None:
    # Between any two runs, so that an urgent arrival comes next, and `new/` is empty soon even in a long drain.
    if idle.has_drops(context.home):
        intake(context, time())
    for lane, request_id in layout.promote(context.home, time()):
        context.log(time(), "promoted", request_id=request_id, lane=lane)
