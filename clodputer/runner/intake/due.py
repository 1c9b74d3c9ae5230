"""Due: ask every trigger what is due by the ledger and by what it sees, and drop it, whatever the alarm and however often."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.request import REPLACE
from clodputer.model.schedules import due
from clodputer.model.schedules.policy import policy
from clodputer.model.task import ASK, Task, Trigger
from clodputer.model.text.moment import iso
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.runner.intake.sources import begin_anew, drop_found
from clodputer.runner.requests.submit import alarm
from clodputer.store import holds, look
from clodputer.store.computer import machine, zone
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.spool import drop as drops
from clodputer.store.triggers import ledger
from clodputer.tasks import taskfile
from clodputer.triggers import Deciding, Looking

# Another exec that goes through the ledger takes milliseconds; after so many seconds the work is left to it.
PATIENCE = 5.0


class _Looked(NamedTuple):
    """A task file whose slot times were looked at. status: of the file before it was read. task: None for a broken one."""

    path: str
    status: os.stat_result
    task: Optional[Task]
    look_at: Optional[float]


def drop_due(context: Context, only: Optional[str], now: float, *, watched: bool = False) -> None:
    """Drop what is due at `now` (epoch seconds) of the task `only`, or of every task when it is None.

    `watched`: look at every watched folder, however lately it was looked at.

    A task that has none but manual triggers and is asked for by name gets one request: somebody's alarm is its trigger. Raises
    OSError, and for a task asked for by name ClodputerError; where all are, a broken file does not affect the others.
    """
    lock = Lock(f"{context.home.ledger}/due.lock")
    if not lock.wait(PATIENCE):
        return
    try:
        if only is not None:
            found = [_by_name(context, only, now)]
        else:
            files = look.due_files(context.home, now, watched=watched)
            found = [one for one in (_by_file(context, name, now) for name in files) if one is not None]
            _forget_gone(context)
    finally:
        lock.release()
    # A look at a folder may hang, and must not keep any task's slot times waiting: so it comes after the lock.
    for one in found:
        try:
            _note(context, one, now, _sources(context, one.task, now) if one.task else None)
        except ClodputerError as error:
            if only is not None:
                raise
            _note(context, _broken(context, one, error, now), now, None)


def _by_name(context: Context, name: str, now: float) -> _Looked:
    task = taskfile.load(context.home, name, context.environ)
    if name == ASK:
        raise ClodputerError(
            "task_unknown", f"{name} is built in and has no alarm", "Ask with: clodputer ask"
        )
    status = os.stat(task.path)
    if not any(map(triggers.needs_alarm, task.triggers)):
        alarm(context, task.name)
        return _Looked(task.path, status, task, None)
    return _Looked(task.path, status, task, _slots(context, task, status.st_ctime, now))


def _by_file(context: Context, name: str, now: float) -> Optional[_Looked]:
    path = f"{context.home.tasks}/{name}"
    try:
        status = os.stat(path)
    except OSError:  # gone, or a link to nowhere or to itself
        look.forget(context.home, name)
        return None
    try:
        task, _ = taskfile.check_file(context.home, path, context.environ)
        # Of two files that claim one name neither is the task; `validate` reports them.
        if task is not None and taskfile.load(context.home, task.name, context.environ).path != path:
            task = None
        look_at = None if task is None else _slots(context, task, status.st_ctime, now)
        return _Looked(path, status, task, look_at)
    except ClodputerError as error:
        return _broken(context, _Looked(path, status, None, None), error, now)


def _broken(context: Context, one: _Looked, error: ClodputerError, now: float) -> _Looked:
    context.log(now, "skipped", file=os.path.basename(one.path), reason=error.code, message=str(error))
    return _Looked(one.path, one.status, None, now + look.LONGEST)


def _forget_gone(context: Context) -> None:
    """Take tasks that have no file any more out of the ledger: one that comes back under the name starts again."""
    for name in ledger.tasks(context.home).difference(taskfile.names(context.home)):
        for index in ledger.entries(context.home, name):
            ledger.remove(context.home, name, index)


def _note(context: Context, one: _Looked, now: float, settled: Optional[float]) -> None:
    """Note when to look at a task file again: at its next slot time, or when something that it watches is quiet."""
    moments = [moment for moment in (one.look_at, settled) if moment is not None]
    look_at = min(moments, default=None)
    rings = [triggers.load(trigger.type).alarm(trigger) for trigger in one.task.triggers] if one.task else []
    if look_at is None and one.task and any(map(triggers.needs_alarm, one.task.triggers)):
        look_at = now + look.LONGEST  # an `at` that is over: known to have triggers, and nothing due
    look.keep(
        context.home,
        os.path.basename(one.path),
        one.status,
        look_at,
        now,
        by_boot=any(ring.startup for ring in rings),
        watched=any(ring.watches for ring in rings),
    )


def _sources(context: Context, task: Task, now: float) -> Optional[float]:
    """Have the triggers of a task that look for themselves look; when to look again, if ever."""
    looks = [drop_found(context, task, one, index, now) for index, one in enumerate(task.triggers)]
    return min((moment for moment in looks if moment is not None), default=None)


def _slots(context: Context, task: Task, since: float, now: float) -> Optional[float]:
    """Look at each trigger of a task that is in the slot ledger; when to look again, if ever."""
    kinds = [triggers.load(one.type) for one in task.triggers]
    accounted = {
        index: kind
        for index, kind in enumerate(kinds)
        if isinstance(kind, Deciding) and not isinstance(kind, Looking)
    }
    for index in ledger.entries(context.home, task.name):
        if index not in accounted:
            ledger.remove(context.home, task.name, index)
    if not machine.is_here(context.settings, task):
        return now + look.LONGEST  # what passes is the business of its machines, whose ledger this may be
    looks = [_slot(context, task, index, kind, since, now) for index, kind in accounted.items()]
    return min((moment for moment in looks if moment is not None), default=None)


def account(context: Context, task: Task, now: float) -> None:
    """Account for what has passed while a task is disabled, so that enabling it fires nothing of that.

    Slot times are missed, and what has changed where a trigger looks is known from now on. Raises ClodputerError when somebody
    else is going through the ledger, or a trigger cannot be looked after; OSError.
    """
    lock = Lock(f"{context.home.ledger}/due.lock")
    if not lock.wait(PATIENCE):
        raise ClodputerError("busy", "an exec is going through the ledger", "Try again.")
    try:
        since = os.stat(task.path).st_ctime
        for index, trigger in enumerate(task.triggers):
            kind = triggers.load(trigger.type)
            if isinstance(kind, Deciding) and not isinstance(kind, Looking):
                # A slot time whose delay (jitter) is not over has passed as well.
                delay = policy(trigger, task.name).jitter if triggers.has_slot_times(trigger) else 0
                _slot(context, task, index, kind, since, now, ahead=delay)
    finally:
        lock.release()
    for trigger in task.triggers:
        begin_anew(context, task, trigger, now)


def _slot(
    context: Context,
    task: Task,
    index: int,
    kind: Deciding,
    since: float,
    now: float,
    ahead: float = 0.0,
) -> Optional[float]:
    """Decide what of one trigger is due: the ledger's entry first, then the requests that it names.

    ahead: decide what is due so many seconds from now.
    """
    trigger = task.triggers[index]
    entry = ledger.read(context.home, task.name, index)
    if entry is not None and entry.dropping:
        entry = _perform(context, task, trigger, index, entry, again=True)
    seen = kind.look(context, task, trigger, entry, now) if hasattr(kind, "look") else None
    decision = kind.decide(
        trigger, entry, _facts(context, task, trigger, since, now)._replace(seen=seen), now + ahead
    )
    if decision.entry != entry:
        ledger.write(context.home, task.name, index, decision.entry)
        _log(context, task, trigger, index, decision, now)
    if decision.drops:
        _perform(context, task, trigger, index, decision.entry)
    return decision.look_again


def _facts(context: Context, task: Task, trigger: Trigger, since: float, now: float) -> Facts:
    at_work = drops.at_work(context.home, task.name)
    held = holds.on_task(context.home, task, now) is not None
    there = zone.of(trigger, context.environ)
    return Facts(since, task.enabled, at_work.waiting, at_work.running, held, task.name, there)


def _perform(
    context: Context, task: Task, trigger: Trigger, index: int, entry: due.Entry, *, again: bool = False
) -> due.Entry:
    """Drop the requests of an entry, then say in it that they are dropped; may be killed anywhere and repeated."""
    for drop in entry.dropping:
        if again and drops.is_slot_dropped(context.home, task.name, drop.mark):
            continue
        origin: dict[str, Any] = {"trigger": trigger.type}
        if drop.slot is not None:
            origin["slot_time"] = iso(drop.slot)
        if trigger.options.get("overlap") == REPLACE:
            origin["overlap"] = REPLACE
        drops.drop_slot(context.home, task.name, drop.mark, origin, drop.not_before)
    marks = {drop.mark for drop in entry.dropping}
    # The entry on the disk names them no more as something to be dropped, so nobody drops them again.
    kept = [
        mark
        for mark in entry.last
        if mark not in marks and not drops.forget_slot(context.home, task.name, mark)
    ]
    done = due.dropped(entry)
    done = done._replace(last=(*kept, *done.last))
    ledger.write(context.home, task.name, index, done, durable=False)
    return done


def _log(context: Context, task: Task, trigger: Trigger, index: int, decision: Decision, now: float) -> None:
    where: dict[str, Any] = {"task": task.name, "trigger": trigger.type, "index": index}
    for event in decision.events:
        context.log(now, event.name, **where, **event.fields)
    for fate in decision.fates:
        slots = {"slot_time": iso(fate.first), "last_slot_time": iso(fate.last), "count": fate.number}
        name = "coalesced" if fate.fate == due.COALESCED else "missed"
        context.log(now, name, **where, reason=fate.reason, **slots)
