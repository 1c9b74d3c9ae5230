"""Why a task did or did not run, and what it waits for: facts, and what is between it and its next run in a sentence."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer import gates, triggers
from clodputer.model.engine.job import standing
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.autodisable import Disabled
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import CONCURRENT, ends
from clodputer.model.learning.worth import Adapted, adapted
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.model.triggers.decision import Fate
from clodputer.runner.requests import cancel
from clodputer.schedulers import scheduled
from clodputer.schedulers.scheduled import Scheduled
from clodputer.store import holds
from clodputer.store.computer import machine
from clodputer.store.computer import zone as zones
from clodputer.store.context import Context
from clodputer.store.holds import EVERYTHING, LANE, Placed
from clodputer.store.records import runs, worths
from clodputer.store.records.history import History
from clodputer.store.spool.find import DELAYED, DROPPED, RUNNING
from clodputer.store.taskstate import disabled
from clodputer.store.triggers import ledger
from clodputer.tasks import taskfile
from clodputer.views.incoming import routing
from clodputer.views.incoming.routing import Routed
from clodputer.views.overview import status
from clodputer.views.published import publishing
from clodputer.views.queue import setaside, waits
from clodputer.views.queue.setaside import SetAside
from clodputer.views.queue.waits import Waits
from clodputer.views.runs.run import record_problem
from clodputer.views.schedule import fates
from clodputer.views.schedule.fates import Overdue
from clodputer.views.tasks import awaited, predecessors
from clodputer.views.tasks.predecessors import Before


class Why(NamedTuple):
    """All that the answer about a task is made of.

    task: None when its file is gone or not in order; then `trouble` says why. last: the record of its latest run, as far as
    that can be read. waiting: the states of its requests that wait. stale: the exec that ran it died. publishes: what became
    of the intents of its latest run. jobs: how the jobs of its requests are, in lanes with an engine.
    elsewhere: on which machines it runs, if not on this one. adapted: the priority that its requests get now, if it adapts.
    foreseen: what would keep a request waiting that came now, unless a person asked for it by hand.
    """

    name: str
    task: Optional[Task]
    trouble: Optional[ClodputerError]
    last: Optional[Mapping[str, Any]]
    waiting: frozenset[str]
    running: bool
    stale: bool
    hold: Optional[Placed]
    triggers: tuple[awaited.Awaited, ...]
    fates: tuple[Fate, ...]
    set_aside: tuple[SetAside, ...]
    scheduled: Optional[Scheduled] = None
    overdue: tuple[Overdue, ...] = ()
    waits: tuple[Waits, ...] = ()
    by_itself: Optional[Disabled] = None
    before: tuple[Before, ...] = ()
    routes: tuple[Routed, ...] = ()
    publishes: tuple[publishing.Entry, ...] = ()
    jobs: tuple[str, ...] = ()
    elsewhere: str = ""
    adapted: Optional[Adapted] = None
    foreseen: Optional[Wait] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.name or None,
            "enabled": self.task.enabled if self.task else None,
            "disabled_by_itself": self.by_itself and self.by_itself.to_json(),
            "elsewhere": self.elsewhere or None,
            "adapted": self.adapted and self.adapted.to_json(),
            "last_run": self.last,
            "waiting": bool(self.waiting),
            "running": self.running,
            "stale": self.stale,
            "jobs": list(self.jobs),
            "hold": self.hold and self.hold.to_json(),
            "triggers": [awaited.to_json() for awaited in self.triggers],
            "not_run": [fates.to_json(fate) for fate in self.fates],
            "problems": self.trouble.message.split("\n") if self.trouble else [],
            "set_aside": [file.to_json() for file in self.set_aside],
            "scheduler": self.scheduled and self.scheduled.to_json(),
            "overdue": [zones.stamp(overdue.slot) for overdue in self.overdue],
            "waits": [one.to_json() for one in self.waits],
            "would_wait": self.foreseen and self._foreseen_json(self.foreseen),
            "follows": [one.to_json() for one in self.before],
            "routes": [one.to_json() for one in self.routes],
            "publishes": [one.to_json() for one in self.publishes],
            "words": f"{self.name}{self.state}" if self.name else "",
        }

    @property
    def state(self) -> str:
        """What is between the task and its next run: the rest of a sentence that begins with its name."""
        if self.stale:
            return " was being run, but its exec died; the next one settles it: clodputer exec"
        if self.jobs:
            return f" is {'; '.join(self.jobs[:3])}"
        if self.running:
            return " is being run now"
        if self.task is None:
            gone = self.trouble is not None and self.trouble.code == "task_unknown"
            return f" does not run: {'its task file is gone' if gone else 'its task file has mistakes'}"
        if not self.task.enabled:
            by_itself = f" automatically {self.by_itself.words}" if self.by_itself else ""
            return f" is disabled{by_itself}; switch it on: clodputer enable {self.name}"
        if self.elsewhere:
            return f" does not run here: {self.elsewhere}"
        if self.hold is not None:
            return _held(self.hold, bool(self.waiting))
        if self.waiting == {DROPPED}:
            return ": a request of it was dropped and not taken in yet; the next exec takes it in: clodputer exec"
        if (self.waiting == {DELAYED} and self.waits) or any(one.reason == CONCURRENT for one in self.waits):
            return f": a request of it is kept waiting ({', '.join(one.reason for one in self.waits)})"
        if self.waiting == {DELAYED}:
            return ": a request of it waits for its time (see: clodputer queue)"
        if self.waiting:
            return f": a request of it waits for its turn in lane {self.task.lane}"
        if not any(map(triggers.needs_alarm, self.task.triggers)) and self.before:
            return " waits for the tasks that it follows"
        if not any(map(triggers.needs_alarm, self.task.triggers)) and self.routes:
            return " waits for events that are routed to it"
        if not any(map(triggers.needs_alarm, self.task.triggers)):
            return " waits for a person or a dropped request; it has no trigger of its own"
        if self.scheduled is not None and self.scheduled.nothing_starts(self.name):
            return " waits for its triggers, but nothing will start it"
        if self.foreseen is not None:
            reason = self.foreseen.reason
            return f" waits for its triggers; a request of theirs would be kept waiting ({reason})"
        return " waits for its triggers"

    @property
    def foreseen_ends(self) -> str:
        """What would let go on what is kept waiting."""
        return ends(self.foreseen.reason, self.name, "") if self.foreseen else ""

    def _foreseen_json(self, foreseen: Wait) -> dict[str, Any]:
        return {
            "reason": foreseen.reason,
            "message": foreseen.message,
            "until": None if foreseen.until is None else iso(foreseen.until),
            "ends": self.foreseen_ends,
        }


# What there is to say of a request whose task nobody knows.
NOTHING = Why("", None, None, None, frozenset(), False, False, None, (), (), ())


def of_task(context: Context, name: str, now: float) -> Why:
    """The answer about a task at `now` (epoch seconds). Raises OSError."""
    task, trouble = None, None
    try:
        task = taskfile.load(context.home, name, context.environ)
    except ClodputerError as error:
        trouble = error
    requests = cancel.of_task(context, name)
    lanes = {request.lane for request in requests if request.state == RUNNING}
    at_work = [one for lane in lanes for one in status.running(context.home, lane, now)]
    stale = {one.request_id for one in at_work if one.stale}
    mine = {request.id for request in requests}
    states = frozenset(request.state for request in requests if request.state != RUNNING)
    entries = ledger.entries(context.home, name)
    here = task is not None and machine.is_here(context.settings, task)
    known = [task] if task and here else []
    starts = scheduled.look(context, known, sys.platform)
    last = _last(context, name)
    return Why(
        name,
        task,
        trouble,
        last,
        states,
        bool(lanes),
        any(request.id in stale for request in requests),
        holds.on_task(context.home, task, now) if task else None,
        tuple(
            awaited.of_trigger(
                context,
                task,
                trigger,
                index,
                entries.get(index),
                now,
                kept=here and not starts.nothing_starts(name),
            )
            for index, trigger in enumerate(task.triggers)
        )
        if task
        else (),
        fates.of_task(context.home, name),
        tuple(setaside.of_task(context, name)),
        starts,
        tuple(fates.overdue(context.environ, context.home, known, now)),
        tuple(waits.of_task(waits.of_home(context), name)) if states else (),
        _by_itself(context, task),
        predecessors.before(context, name, task, now),
        routing.to_task(context, name, now),
        tuple(publishing.entries(context.home, last)) if last else (),
        tuple(
            standing(one.job.engine, one.job.job)
            for one in at_work
            if one.job is not None and one.request_id in mine
        ),
        "" if task is None or here else machine.sentence(context.settings, task),
        _adapted(context, task, now) if task and task.adapt else None,
        gates.foresee(task, History(context.home), context, now)
        if task and here and task.enabled and not states
        else None,
    )


def _adapted(context: Context, task: Task, now: float) -> Adapted:
    known = worths.of_home(History(context.home), now)
    return adapted(task.priority, known.get(task.lane, {}).get(task.name))


def _by_itself(context: Context, task: Optional[Task]) -> Optional[Disabled]:
    return disabled.read(context.home, task.name) if task is not None and not task.enabled else None


def _last(context: Context, task: str) -> Optional[Mapping[str, Any]]:
    """The latest record of a task that is sound: a person may have edited one."""
    for record in runs.records(context.home, task):
        if not record_problem("", record):
            return record
    return None


def _held(placed: Placed, waiting: bool) -> str:
    target, hold = placed.target, placed.hold
    waits = "a request of it waits, and" if waiting else "none of its requests waits;"
    words = f"its {target.words}" if target.scope == LANE else target.words
    held = "everything" if target == EVERYTHING else words
    return f": {waits} {held} is on hold {zones.until(hold.until)} ({hold.reason})"
