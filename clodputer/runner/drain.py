"""Drain: take in, run all that is runnable, release, look once more; the loop of the house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from time import monotonic, time
from typing import Any, NamedTuple, Optional

from clodputer.runner import fault
from clodputer.runner.claimed import handle
from clodputer.runner.due import drop_due
from clodputer.runner.intake import intake
from clodputer.runner.lanes import side_by_side
from clodputer.runner.processes.stop import Stop
from clodputer.runner.recover import give_up, recover
from clodputer.runner.tidy import tidy
from clodputer.store import holds, idle, look, runs
from clodputer.store import home as homes
from clodputer.store.context import Context
from clodputer.store.spool import queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.slot import Slot

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
            fault.contained(context, "due", partial(drop_due, context, only or None, now, watched=held))
            only = ""  # its alarm is answered
        taken = intake(context, now)
        _promote(context, now)
        worked = worked._replace(
            queued=worked.queued + taken.queued,
            coalesced=worked.coalesced + taken.coalesced,
            rejected=worked.rejected + taken.rejected,
        )
        held, records = _drain_slots(context, runnable(context, now), stop)
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
    fault.contained(context, "tidy", partial(tidy, context, time(), stop))
    return worked


def runnable(context: Context, now: float) -> list[Slot]:
    """The slots with work that may be done at `now`: their lane is not on hold, or something was left in them to recover."""
    worth_trying = [Slot(lane, number) for lane, number in idle.slots_with_work(context.home, now)]
    return [
        slot
        for slot in worth_trying
        if holds.current(context.home, holds.targets(slot.lane), now) is None or _left_in_slot(context, slot)
    ]


def _left_in_slot(context: Context, slot: Slot) -> bool:
    content = slots.content(context.home, slot)
    return content.place is not None or bool(content.run_id)


def _drain_slots(
    context: Context, found: list[Slot], stop: Stop
) -> tuple[bool, tuple[Mapping[str, Any], ...]]:
    """Drain the slots; whether we held any of them, and the records. Several are drained side by side."""
    if len(found) > 1:
        return side_by_side(found, lambda slot, its_stop: drain_slot(context, slot, its_stop), stop)
    held = False
    records: tuple[Mapping[str, Any], ...] = ()
    for slot in found:
        drained = drain_slot(context, slot, stop)
        held = held or drained is not None
        records += drained or ()
    return held, records


def drain_slot(context: Context, slot: Slot, stop: Stop) -> Optional[tuple[Mapping[str, Any], ...]]:
    """Run the requests of the slot's lane, highest priority first, until none is left; None when another process holds it."""
    with slots.lock(context.home, slot) as held:
        if not held:
            return None
        records = []
        failures: Counter[str] = Counter()
        _put_in_order(context, slot, failures)
        requests = Queue(context.home, slot)
        while not stop.requested and holds.current(context.home, holds.targets(slot.lane), time()) is None:
            place = requests.claim()
            if place is None:
                break
            try:
                record = handle(context, slot, place, stop)
            except Exception as error:  # noqa: BLE001  (whatever it is, the next request of the lane has nothing to do with it)
                _failed(context, slot, place.id, error, "run", failures)
                _put_in_order(context, slot, failures)
                continue
            if record is not None:
                records.append(record)
            _look_around(context)
        return tuple(records)


def _put_in_order(context: Context, slot: Slot, failures: Counter[str]) -> None:
    """Recover what lies in the slot; what cannot be recovered is given up, so that the lane goes on."""
    while not slots.empty(context.home, slot):
        content = slots.content(context.home, slot)
        request_id = content.place.id if content.place else runs.request_of(content.run_id)
        if failures[request_id] >= fault.TRIES:
            give_up(context, slot, time())
            return
        try:
            recover(context, slot, time())
            return
        except Exception as error:  # noqa: BLE001
            _failed(context, slot, request_id, error, "recover", failures)


def _failed(
    context: Context, slot: Slot, request_id: str, error: Exception, step: str, failures: Counter[str]
) -> None:
    """Count a failure of a request; raises the error when it is not the request's."""
    if not fault.charged(error):
        raise error
    fault.report(context, error, step, request_id, slot.lane)
    failures[request_id] += 1


def _promote(context: Context, now: float) -> None:
    def promote() -> None:
        for lane, request_id in queue.promote(context.home, now):
            context.log(now, "promoted", request_id=request_id, lane=lane)

    fault.contained(context, "promote", promote)


def _look_around(context: Context) -> None:
    # Between any two runs, so that an urgent arrival comes next, and `new/` is empty soon even in a long drain.
    if idle.has_drops(context.home):
        intake(context, time())
    _promote(context, time())
