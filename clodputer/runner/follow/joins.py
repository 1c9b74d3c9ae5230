"""Joins performed: when a run ends, each task that waits for it and others gets a request once all of them have ended."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from json import dumps
from time import localtime, strftime, time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.config.settings import DAY
from clodputer.model.decide import is_final
from clodputer.model.follow.join import (
    TRIGGER,
    Ended,
    Fired,
    Join,
    Parent,
    fired_from_json,
    fired_to_json,
    join,
    parents,
    request_id,
)
from clodputer.model.follow.keys import most
from clodputer.model.follow.line import line_of, origin_of
from clodputer.model.follow.plan import FOLLOWING, TOO_DEEP, TOO_MANY, file_name
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.triggers import memory

MARK = "join"
# Settling runs wait for each other so long, in seconds, and look so often.
PATIENCE, GLANCE = 10.0, 0.02
# Of the results of all parents together, in characters: a request may have a megabyte.
LONGEST = 120_000


def perform(settling: Settling, waiting: Sequence[Task], ended_at: float) -> None:
    """Look at every task that waits for the one whose run has ended, at `ended_at` (epoch seconds).

    waiting: the tasks that wait for any.

    The line of the run's end is in the log by now, so of several runs that end at the same moment the last one that comes here
    sees them all. May be repeated. Raises OSError.
    """
    record = settling.record
    origin = record.get("origin") or {}
    if not is_final(record["effects"]) or origin.get("follow_ups") is False:
        return
    number = sum(effect.get("effect") in FOLLOWING for effect in record["effects"])
    for task in waiting:
        wanted = parents(task.follow.after)
        if task.enabled and any(parent.task == record["task"] for parent in wanted):
            number += _look(settling, task, wanted, ended_at, number)


def place(home: Home, task: str) -> str:
    """Where it is kept which runs were joined for a task."""
    return f"{home.ledger}/joins/{task}"


def joined(context: Context, wanted: tuple[Parent, ...], fired: Fired, now: float) -> Join:
    """What is joined as things are."""
    history = History(context.home)
    ended = {parent.task: list(_latest(history, parent, fired, now)) for parent in wanted}
    return join(wanted, ended, fired, now, day_of)


def day_of(moment: float) -> str:
    """The day of a moment, in local time."""
    return strftime("%Y-%m-%d", localtime(moment))


def fired(home: Home, task: str) -> Fired:
    """When the join of a task came last."""
    return fired_from_json(memory.read(place(home, task), MARK))


def _latest(history: History, parent: Parent, fired: Fired, now: float) -> Iterator[Ended]:
    """The last runs of requests of a task, since the one that was used last, or the newest when there is none after it."""
    used = fired.runs.get(parent.task)
    found = 0
    # What is too old by a day or more is not looked for.
    for run in history.of_task(parent.task, now - (parent.age or 0.0) - 2 * DAY):
        if found and used is not None and run.at < used.at:
            return
        if run.final:
            found += 1
            yield Ended(run.task, run.run_id, run.outcome, run.at)
        if found >= 100:
            return  # the newest is among so many, also when ends were logged twice


def _look(settling: Settling, task: Task, wanted: tuple[Parent, ...], now: float, number: int) -> int:
    """Drop the request of a join that is complete; how many that are."""
    context, record, home = settling.context, settling.record, settling.context.home
    folder = place(home, task.name)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with _alone(f"{folder}/{memory.LOCK}"):
        # What was committed, and not delivered before a crash.
        memory.deliver(home, folder)
        before = fired(home, task.name)
        found = joined(context, wanted, before, now)
        if settling.run_id not in {run.run_id for run in found.runs}:
            return 0
        line, bounds = (
            line_of(origin_of_record(record), str(record["request_id"])),
            most(context.settings.follow_ups),
        )
        if line.depth >= bounds.depth:
            _cut(settling, task, TOO_DEEP, f"it would be more than {bounds.depth} follow-ups deep")
            return 0
        if number >= bounds.width:
            _cut(settling, task, TOO_MANY, f"one run has at most {bounds.width} follow-ups")
            return 0
        own = request_id(task.name, found.runs)
        origin = {
            **origin_of(TRIGGER, line, str(record["task"]), settling.run_id),
            "runs": {run.task: run.run_id for run in found.runs},
        }
        request = {
            "id": own,
            "task": task.name,
            "context": {"after": {run.task: _told(context, run, len(found.runs)) for run in found.runs}},
            "origin": origin,
        }
        after = Fired({**before.runs, **{run.task: run for run in found.runs}}, day_of(now))
        _log(settling, "followed", task, follower=own)
        memory.write(folder, MARK, fired_to_json(after), [(file_name(task.name, own), request)])
        memory.deliver(home, folder)
    return 1


def origin_of_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The origin of a run's request; of what somebody has edited, none."""
    origin = record.get("origin")
    return origin if isinstance(origin, dict) else {}


def _told(context: Context, run: Ended, number: int) -> dict[str, Any]:
    """What the joined task is notified of a run, its secrets masked in the record already."""
    record = runs.record(context.home, run.task, run.run_id) or {}
    result = record.get("result")
    text = result if isinstance(result, str) or result is None else dumps(result, ensure_ascii=False)
    return {
        "run_id": run.run_id,
        "outcome": run.outcome,
        "reason": str(record.get("reason") or ""),
        "result": (text or "")[: LONGEST // number],
        "folder": runs.folder(context.home, run.task, run.run_id),
    }


def _cut(settling: Settling, task: Task, code: str, message: str) -> None:
    _log(settling, "not_followed", task, reason=code, message=message)


def _log(settling: Settling, event: str, task: Task, **more: Any) -> None:
    record = settling.record
    settling.context.log(
        time(),
        event,
        task=record["task"],
        request_id=record["request_id"],
        run_id=settling.run_id,
        on=TRIGGER,
        target=task.name,
        **more,
    )


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Be the only one who looks at this join. Raises OSError: the settling is then repeated by the next exec."""
    lock = Lock(path)
    if not lock.wait(PATIENCE, GLANCE):
        raise OSError(errno.EAGAIN, "another run of clodputer does not release a lock", path)
    try:
        yield
    finally:
        lock.release()
