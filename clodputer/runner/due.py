"""Due: drop the requests of all slot times that have come, by the ledger, whatever rang the alarm and however often."""

from __future__ import annotations

import os
from time import monotonic, sleep
from typing import Any, Optional

from clodputer.model import due, trigger
from clodputer.model.errors import ClodputerError
from clodputer.model.moment import iso
from clodputer.model.task import Task, Trigger
from clodputer.runner.requests.submit import alarm
from clodputer.runner.watching import drop_changes
from clodputer.store import boot, holds, ledger, look, zone
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.spool import slotdrop
from clodputer.tasks import taskfile

# Another exec at the same task takes milliseconds, as it runs nothing meanwhile; whoever is that late leaves it to that one.
PATIENCE = 5.0
GLANCE = 0.01


def drop_due(context: Context, only: Optional[str], now: float, *, watched: bool = False) -> None:
    """Drop what is due at `now` (epoch seconds) of the task `only`, or of every task when it is None.

    `watched`: look at every watched folder, however lately it was looked at.

    A task that has none but manual triggers and is asked for by name gets one request: somebody's alarm is its trigger. Raises
    OSError, and for a task asked for by name ClodputerError; where all are, a broken file is no trouble of the others.
    """
    lock = Lock(f"{context.home.ledger}/due.lock")
    if not _acquire(lock):
        return
    try:
        if only is not None:
            _by_name(context, only, now)
            return
        for name in look.due_files(context.home, now, watched=watched):
            _by_file(context, name, now)
        _forget_gone(context)
    finally:
        lock.release()


def _acquire(lock: Lock) -> bool:
    give_up = monotonic() + PATIENCE
    while not lock.acquire():
        if monotonic() > give_up:
            return False
        sleep(GLANCE)
    return True


def _by_name(context: Context, name: str, now: float) -> None:
    task = taskfile.load(context.home, name, context.environ)
    status = os.stat(task.path)
    if all(one.type == "manual" for one in task.triggers):
        _keep(context, task.path, status, None, now, task)
        alarm(context, task.name)
    else:
        _keep(context, task.path, status, _look(context, task, status, now), now, task)


def _by_file(context: Context, name: str, now: float) -> None:
    path = f"{context.home.tasks}/{name}"
    try:
        status = os.stat(path)
    except OSError:  # gone, or a link to nowhere or to itself
        look.forget(context.home, name)
        return
    try:
        task, _ = taskfile.check_file(context.home, path, context.environ)
        # Of two files that claim one name neither is the task; `validate` tells.
        if task is not None and taskfile.load(context.home, task.name, context.environ).path != path:
            task = None
        look_at = None if task is None else _look(context, task, status, now)
    except ClodputerError as error:
        context.log(now, "skipped", file=name, reason=error.code, message=str(error))
        task, look_at = None, now + look.LONGEST
    _keep(context, path, status, look_at, now, task)


def _forget_gone(context: Context) -> None:
    """Take tasks that have no file any more out of the ledger: one that comes back under the name begins anew."""
    for name in ledger.tasks(context.home).difference(taskfile.names(context.home)):
        for index in ledger.entries(context.home, name):
            ledger.remove(context.home, name, index)


def _keep(
    context: Context,
    path: str,
    status: os.stat_result,
    look_at: Optional[float],
    now: float,
    task: Optional[Task],
) -> None:
    kinds = {one.type for one in task.triggers} if task is not None else set()
    if kinds - {"manual"} and look_at is None:
        look_at = now + look.LONGEST  # an `at` that is over: known to have triggers, and nothing due
    name, by_boot, watched = os.path.basename(path), "startup" in kinds, "file_watch" in kinds
    look.keep(context.home, name, status, look_at, now, by_boot=by_boot, watched=watched)


def _look(context: Context, task: Task, status: os.stat_result, now: float) -> Optional[float]:
    """Look at each trigger of a task; when to look again, if ever."""
    for index in ledger.entries(context.home, task.name):
        if index >= len(task.triggers) or task.triggers[index].type not in (*trigger.TIMED, "startup"):
            ledger.remove(context.home, task.name, index)
    looks = [
        _trigger(context, task, one, index, status.st_ctime, now) for index, one in enumerate(task.triggers)
    ]
    return min((moment for moment in looks if moment is not None), default=None)


def _trigger(
    context: Context, task: Task, one: Trigger, index: int, since: float, now: float
) -> Optional[float]:
    if one.type == "file_watch":
        return drop_changes(context, task, one, index, now)
    if one.type not in (*trigger.TIMED, "startup"):
        return None
    entry = ledger.read(context.home, task.name, index)
    if entry is not None and entry.dropping:
        entry = _perform(context, task, one, index, entry, again=True)
    policy, mark = trigger.policy(one, task.name), trigger.fingerprint(one)
    facts = _facts(context, task, since, now)
    if one.type == "startup":
        decision = due.decide_startup(mark, policy, entry, facts, boot.identity())
    else:
        schedule = trigger.schedule(one, zone.of(one, context.environ))
        decision = due.decide(schedule, mark, policy, entry, facts)
    if decision.entry != entry:
        ledger.write(context.home, task.name, index, decision.entry)
        _tell(context, task, one, index, decision, now)
    if decision.entry.dropping:
        _perform(context, task, one, index, decision.entry)
    return decision.look_at


def _facts(context: Context, task: Task, since: float, now: float) -> due.Facts:
    at_work = slotdrop.at_work(context.home, task.name)
    held = holds.on_task(context.home, task, now) is not None
    return due.Facts(now, since, task.enabled, at_work.waiting, at_work.running, held)


def _perform(
    context: Context, task: Task, one: Trigger, index: int, entry: due.Entry, *, again: bool = False
) -> due.Entry:
    """Drop the requests of an entry, then say in it that they are dropped; may be killed anywhere and repeated."""
    for drop in entry.dropping:
        if again and slotdrop.is_dropped(context.home, task.name, drop.mark):
            continue
        origin: dict[str, Any] = {"trigger": one.type}
        if drop.slot is not None:
            origin["slot_time"] = iso(drop.slot)
        slotdrop.drop(context.home, task.name, drop.mark, origin, drop.not_before)
    marks = {drop.mark for drop in entry.dropping}
    # The entry on the disk names them no more as something to be dropped, so nobody drops them again.
    kept = [
        mark
        for mark in entry.last
        if mark not in marks and not slotdrop.forget(context.home, task.name, mark)
    ]
    done = due.dropped(entry)
    done = done._replace(last=(*kept, *done.last))
    ledger.write(context.home, task.name, index, done, durable=False)
    return done


def _tell(context: Context, task: Task, one: Trigger, index: int, decision: due.Decision, now: float) -> None:
    where: dict[str, Any] = {"task": task.name, "trigger": one.type, "index": index}
    if decision.back:
        context.log(now, "clock_back", **where, seconds=round(decision.back))
    for fate in decision.fates:
        slots = {"slot_time": iso(fate.first), "last_slot_time": iso(fate.last), "count": fate.number}
        context.log(
            now, "coalesced" if fate.fate == due.COALESCED else "missed", **where, reason=fate.reason, **slots
        )
