"""Slot times that have passed and at which no exec has looked: nobody starts one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice, takewhile
from operator import ge
from typing import NamedTuple

from clodputer import triggers
from clodputer.model.due import ON_TIME
from clodputer.model.errors import ClodputerError
from clodputer.model.policy import fingerprint, policy
from clodputer.model.schedule import slots
from clodputer.model.task import Task
from clodputer.store import ledger
from clodputer.store.home import Home


class Overdue(NamedTuple):
    """The first such slot time of a trigger (epoch seconds), and how many there are, counted as far as was asked for."""

    task: str
    slot: int
    number: int = 1


def overdue(
    environ: Mapping[str, str], home: Home, tasks: Iterable[Task], now: float, most: int = 1
) -> list[Overdue]:
    """Those of each trigger of the enabled tasks, `most` of them counted. Raises OSError."""
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
            passed = list(islice(takewhile(partial(ge, until), slots(schedule, after)), most))
            if passed:
                found.append(Overdue(task.name, passed[0], len(passed)))
    return found
