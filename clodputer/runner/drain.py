"""Drain: take in, run all that is runnable, release, look once more; the loop of the house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from time import monotonic, time
from typing import Any, NamedTuple

from clodputer.model.queue.lanes import slots as slots_of
from clodputer.runner import fault
from clodputer.runner.admission.lanes import Records, side_by_side
from clodputer.runner.admission.taking import Taken, others_wait, take_slots
from clodputer.runner.claimed import handle
from clodputer.runner.intake.drops import intake
from clodputer.runner.jobs.round import go_round
from clodputer.runner.plugins.round import ROUND as POLLS
from clodputer.runner.processes.stop import Stop
from clodputer.runner.tools.round import ROUND as TOOLS
from clodputer.runner.topics.round import TOPICS
from clodputer.runner.upkeep import logins, mail
from clodputer.runner.upkeep.report import REPORT
from clodputer.runner.upkeep.tidy import tidy
from clodputer.store import blocked, holds, homes, look
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import idle, layout, queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.slot import Slot

# How long `exec` stays for files that look unfinished, or that are not quiet yet in a watched folder, in seconds: longer than
# any of them is given (`decide.UNFINISHED_FOR`), unless its writer goes on writing; then the next alarm finds it.
PATIENCE = 10.0
# What is done beside the runs, and waited for at the end: each has its bound, and what it brings is run.
BESIDE = (POLLS, TOOLS, TOPICS, REPORT)
GLANCE = 0.2
# So long what works beside us may take to end when we are told to stop, in seconds, before it is killed. systemd waits 90 s.
LEAVING = 15.0


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
    failures: Counter[str] = Counter()
    homes.complete(context.home)
    mail.begin_drain()
    with doing("checking the lanes", context.home.lanes):
        for lane in layout.lanes(context.home):
            slots.arrange(context.home, lane, slots_of(context.settings.lanes, lane))
    fault.contained(context, "logins", partial(logins.let_go, context, time()))
    patient_until, mailed_until = monotonic() + PATIENCE, 0.0
    while not stop.requested:
        now = time()
        # After runs every watched folder is looked at: launchd and systemd lose what changes while their job runs.
        if only or look.anything_due(context.home, now, watched=held):
            fault.contained(context, "due", partial(_drop_due, context, only, now, watched=held))
            only = ""  # its alarm is answered
        # Before the intake: what they drop until they end is taken in by this round or by one more.
        beside = [one.start(context) for one in BESIDE]
        with doing("taking in what was dropped", context.home.new):
            taken = intake(context, now)
        _promote(context, now)
        worked = worked._replace(
            queued=worked.queued + taken.queued,
            coalesced=worked.coalesced + taken.coalesced,
            rejected=worked.rejected + taken.rejected,
        )
        sent = go_round(context, stop, failures)
        slots_taken = take_slots(context, now)
        held = bool(slots_taken) or sent
        worked = worked._replace(runs=worked.runs + _drain_slots(context, slots_taken, stop))
        if held:
            patient_until = monotonic() + PATIENCE
        if held or (not taken.refused and idle.count_drops(context.home) > taken.unfinished + taken.stuck):
            continue  # the look after the release, of a slot or of the intake
        # A file that is not quiet yet, in `new/` or in a watched folder: nobody calls us again when it is.
        # Nor when another process has just taken in what we came for: it goes on with its run, and other slots are free.
        waits = (
            taken.unfinished
            or taken.refused
            or look.settling(context.home, now + patient_until - monotonic())
        )
        if waits and monotonic() < patient_until:
            stop.wait(GLANCE)
            continue
        # What is published is waited for as well. A tool may take long, and nobody's mail waits for it.
        publishing, sending = mail.is_publishing(context), mail.go_round(context)
        if publishing or any(beside):
            stop.wait(GLANCE)
            continue
        # What is sent is waited for, as a scheduler ends what an exec leaves behind; what comes meanwhile is run.
        mailed_until = mailed_until or monotonic() + mail.LONGEST
        if sending and monotonic() < mailed_until:
            stop.wait(GLANCE)
            continue
        if not taken.refused and idle.count_drops(context.home) > taken.unfinished + taken.stuck:
            continue  # what was published has brought an event since
        break
    if stop.requested:
        _leave(stop)
    if context.settings.metrics:
        fault.contained(context, "metrics", partial(_write_metrics, context))
    fault.contained(context, "tidy", partial(tidy, context, time(), stop))
    return worked


def _leave(stop: Stop) -> None:
    """End what works beside us. What is being sent or published may come to its end; else it is done once more later."""
    for one in BESIDE:
        one.end()
    give_up = monotonic() + LEAVING
    while monotonic() < give_up and (any(one.running() for one in BESIDE) or mail.is_at_work()):
        stop.wait(GLANCE)
    for one in BESIDE:
        one.kill()
    mail.end()


def _drop_due(context: Context, only: str, now: float, *, watched: bool) -> None:
    # Imported when something is due: it loads the kinds of triggers with their calendars, which no run needs.
    from clodputer.runner.intake.due import drop_due

    drop_due(context, only or None, now, watched=watched)


def _write_metrics(context: Context) -> None:
    # Imported when config.yaml names a file for them.
    from clodputer.runner.upkeep.metrics import write

    write(context, time())


def _drain_slots(context: Context, taken: list[Taken], stop: Stop) -> Records:
    """Drain the slots, several side by side; their records."""
    if len(taken) > 1:
        meanwhile = partial(mail.send, context) if mail.wanted(context) else None
        return side_by_side(
            taken, partial(drain_slot, context), stop, lambda: take_slots(context, time()), meanwhile
        )
    return tuple(record for one in taken for record in drain_slot(context, one, stop))


def drain_slot(context: Context, taken: Taken, stop: Stop) -> Records:
    """Run the requests of the slot's lane until none is left, release it, and look once more; the records of the runs.

    This look is for the exec that was turned away in the moment before the release: the process that called us may still be
    waiting for the ends of other slots. What has used a permit leaves it to that process, which looks at all lanes.

    Raises OSError and ClodputerError; the slot is released in any case.
    """
    records: Records = ()
    slot = taken.slot
    while True:
        try:
            records += run_queued(context, slot, stop, may_run=taken.may_run)
        finally:
            taken.release()
        if (
            stop.requested
            or taken.permit is not None
            or not taken.may_run
            or not _may_claim(context, slot)
            or not idle.count_queued(context.home, slot.lane, 1)
        ):
            return records
        if not taken.lock.acquire():
            return records  # its new holder looks as we did


def run_queued(context: Context, slot: Slot, stop: Stop, *, may_run: bool = True) -> Records:
    """Put the slot in order, then run the lane's requests, highest priority first, until none is left; their records.

    Or until a request of another lane could be run: then it is seen to which of them are. may_run: whether any is run.
    """
    records = []
    failures: Counter[str] = Counter()
    slots.make(context.home, slot)
    _put_in_order(context, slot, failures)
    requests, history = Queue(context.home, slot), History(context.home)
    while may_run and not stop.requested and _may_claim(context, slot):
        with doing("claiming a request", slots.folder(context.home, slot)):
            place = requests.claim()
        if place is None:
            break
        try:
            with doing(f"handling request {place.id}", slots.path(context.home, slot, place)):
                record = handle(context, slot, place, stop, history)
        except Exception as error:  # noqa: BLE001  (whatever it is, the next request of the lane has nothing to do with it)
            _failed(context, slot, place.id, error, "run", failures)
            _put_in_order(context, slot, failures)
            continue
        if record is not None:
            records.append(record)
        _look_around(context)
        if others_wait(context, slot, time()):
            break
    return tuple(records)


def _may_claim(context: Context, slot: Slot) -> bool:
    """Whether the slot is one that its lane still has, and the lane is not on hold."""
    if slot.number >= slots_of(context.settings.lanes, slot.lane):
        return False
    return holds.current(context.home, holds.targets(slot.lane), time()) is None


def _put_in_order(context: Context, slot: Slot, failures: Counter[str]) -> None:
    """Recover what lies in the slot; what cannot be recovered is given up, so that the lane goes on."""
    while not slots.empty(context.home, slot):
        # Imported when a holder of the slot has died.
        from clodputer.runner.recover import give_up, recover

        content = slots.content(context.home, slot)
        request_id = content.place.id if content.place else runs.request_of(content.run_id)
        if failures[request_id] >= fault.TRIES:
            with doing(f"giving up request {request_id}", slots.folder(context.home, slot)):
                give_up(context, slot, time())
            return
        try:
            with doing("cleaning up what the last exec left in a slot", slots.folder(context.home, slot)):
                recover(context, slot, time())
            return
        except Exception as error:  # noqa: BLE001
            _failed(context, slot, request_id, error, "recover", failures)


def _failed(
    context: Context, slot: Slot, request_id: str, error: Exception, step: str, failures: Counter[str]
) -> None:
    """Count a failure of a request; raises the error when it is not the request's."""
    if not fault.charged(error):
        blocked.report_incomplete(context.home, error)
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
    while idle.has_drops(context.home):
        taken = intake(context, time())
        # Looked at once more after the release, as an exec may have been turned away meanwhile.
        if taken.refused or idle.count_drops(context.home) <= taken.unfinished + taken.stuck:
            break
    _promote(context, time())
