"""Slot times that led to no run of their own: missed, coalesced, or passed without any exec that looked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from clodputer import triggers
from clodputer.model.decision import Fate
from clodputer.model.due import MISSED, ON_TIME
from clodputer.model.errors import ClodputerError
from clodputer.model.policy import fingerprint, policy
from clodputer.model.schedule import following
from clodputer.model.task import Task
from clodputer.store import ledger
from clodputer.store.home import Home
from clodputer.store.zone import stamp


class Missed(NamedTuple):
    """Slot times of a task that led to no run."""

    task: str
    fate: Fate

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"task": self.task, **to_json(self.fate)}


class Overdue(NamedTuple):
    """The first slot time of a task at which no exec has looked yet, although it has passed."""

    task: str
    slot: int

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


def overdue(environ: Mapping[str, str], home: Home, tasks: Iterable[Task], now: float) -> list[Overdue]:
    """The slot times that have passed and at which no exec has looked: nothing starts one."""
    found = []
    for task in tasks:
        for index, trigger in enumerate(task.triggers if task.enabled else ()):
            try:
                schedule = triggers.schedule(trigger, environ)
            except ClodputerError:
                continue  # shown in the list of tasks
            entry = ledger.read(home, task.name, index) if schedule else None
            if schedule is None or entry is None or entry.fingerprint != fingerprint(trigger):
                continue
            first = following(schedule, entry.accounted)
            if first is not None and first + policy(trigger, task.name).jitter + ON_TIME < now:
                found.append(Overdue(task.name, first))
    return found
