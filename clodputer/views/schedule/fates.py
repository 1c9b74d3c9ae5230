"""Slot times that led to no run of their own: missed, coalesced, or passed without any exec that looked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice, takewhile
from operator import ge
from typing import Any, NamedTuple

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.due import MISSED, ON_TIME
from clodputer.model.schedules.policy import fingerprint, policy
from clodputer.model.schedules.schedule import slots
from clodputer.model.task import Task
from clodputer.model.triggers.decision import Fate
from clodputer.store.computer.zone import stamp
from clodputer.store.home import Home
from clodputer.store.triggers import ledger


class Missed(NamedTuple):
    """Slot times of a task that led to no run."""

    task: str
    fate: Fate

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"task": self.task, **to_json(self.fate)}


class Overdue(NamedTuple):
    """The first slot time of a trigger that has passed without an exec that looked, and how many of them were counted."""

    task: str
    slot: int
    number: int = 1

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"task": self.task, "slot_time": stamp(self.slot)}


def to_json(fate: Fate) -> dict[str, Any]:
    """What became of slot times; its keys are a promise to programs."""
    return {
        "fate": fate.fate,
        "reason": fate.reason,
        "slot_time": stamp(fate.first),
        "last_slot_time": stamp(fate.last),
        "count": fate.number,
        "noticed_at": stamp(fate.noticed_at),
    }


def of_task(home: Home, task: str) -> tuple[Fate, ...]:
    """What became of the slot times of a task that were not run, trigger by trigger."""
    entries = ledger.entries(home, task)
    return tuple(fate for _, entry in sorted(entries.items()) for fate in entry.fates)


def missed(home: Home, tasks: Iterable[Task], since: float) -> list[Missed]:
    """The slot times that were reported as missed after `since` (epoch seconds), the latest first."""
    found = [
        Missed(task.name, fate)
        for task in tasks
        for fate in of_task(home, task.name)
        if fate.fate == MISSED and fate.noticed_at >= since
    ]
    return sorted(found, key=lambda missed: missed.fate.noticed_at, reverse=True)


def overdue(
    environ: Mapping[str, str], home: Home, tasks: Iterable[Task], now: float, most: int = 1
) -> list[Overdue]:
    """The slot times that have passed and at which no exec has looked: nothing starts one. Raises OSError.

    most: how many of each trigger are counted.
    """
    found = []
    for task in tasks:
        for index, trigger in enumerate(task.triggers if task.enabled else ()):
            try:
                schedule = triggers.schedule(trigger, environ)
            except ClodputerError:
                continue  # a mistake in the task file, which is reported as such
            if schedule is None:
                continue
            entry = ledger.read(home, task.name, index)
            # A trigger that was never looked at counts from when its file was written.
            known = entry is not None and entry.fingerprint == fingerprint(trigger)
            after = entry.accounted if entry and known else os.stat(task.path).st_mtime
            until = now - policy(trigger, task.name).jitter - ON_TIME
            # Not beyond `until`: working out slot times that are far away can take long.
            passed = list(islice(takewhile(partial(ge, until), slots(schedule, after)), most))
            if passed:
                found.append(Overdue(task.name, passed[0], len(passed)))
    return found
