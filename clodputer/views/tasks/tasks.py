"""The tasks of a home: when each runs, how it ended last, and what is wrong with its file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.autodisable import Disabled
from clodputer.model.task import Task, Trigger
from clodputer.schedulers import scheduled
from clodputer.schedulers.scheduled import Scheduled
from clodputer.store.computer import machine
from clodputer.store.computer.zone import stamp
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.taskfiles.problems import Problem
from clodputer.store.taskstate import disabled
from clodputer.tasks import taskfile
from clodputer.views.incoming import routing
from clodputer.views.incoming.routing import Routed
from clodputer.views.queue import waits
from clodputer.views.queue.waits import Waits
from clodputer.views.runs.past import Habit, habits
from clodputer.views.schedule.coming import Coming, coming

_NO_TASK: Mapping[str, Any] = {
    "name": "",
    "path": "",
    "enabled": None,
    "disabled_by_itself": None,
    "elsewhere": None,
    "description": "",
    "lane": None,
    "triggers": [],
    "next_slot_time": None,
    "last_run": None,
    "usual_duration_seconds": None,
    "problems": [],
    "waits": [],
    "routes": [],
}


class Broken(NamedTuple):
    """A task file that is no task, and all that is wrong with it."""

    name: str
    path: str
    problems: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        problems = [str(problem) for problem in self.problems]
        return {"name": self.name, "path": self.path, "problems": problems}


class Listed(NamedTuple):
    """A task as a list shows it. `coming` is its next slot time; `trouble` says why it is not known."""

    task: Task
    habit: Habit
    coming: Optional[Coming]
    trouble: str = ""
    waits: tuple[Waits, ...] = ()
    by_itself: Optional[Disabled] = None
    routes: tuple[Routed, ...] = ()
    elsewhere: str = ""

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """What brings its requests in."""
        return self.task.triggers

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        task, last, coming = self.task, self.habit.last, self.coming
        return {
            "name": task.name,
            "path": task.path,
            "enabled": task.enabled,
            "disabled_by_itself": self.by_itself and self.by_itself.to_json(),
            "elsewhere": self.elsewhere or None,
            "description": task.description,
            "lane": task.lane,
            "triggers": [
                {"type": trigger.type, "words": triggers.load(trigger.type).words(trigger)}
                for trigger in self.triggers
            ],
            "next_slot_time": coming and stamp(coming.slot, coming.zone),
            "last_run": last and last.to_json(),
            "usual_duration_seconds": self.habit.usual,
            "problems": [self.trouble] if self.trouble else [],
            "waits": [one.to_json() for one in self.waits],
            "routes": [one.to_json() for one in self.routes],
        }


class Listing(NamedTuple):
    """Every task, every task file that is none, and what starts the tasks."""

    tasks: tuple[Listed, ...]
    broken: tuple[Broken, ...]
    scheduled: Scheduled

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs; a broken file has those of a task, most of them without a value."""
        return {
            "tasks": [
                *(task.to_json() for task in self.tasks),
                *({**_NO_TASK, **file.to_json()} for file in self.broken),
            ],
            "scheduler": self.scheduled.to_json(),
        }


def check(home: Home, environ: Mapping[str, str]) -> tuple[list[Task], list[Broken]]:
    """The tasks by name, and the files that are none."""
    good, broken = [], []
    for report in taskfile.check_all(home, environ):
        if report.task is not None:
            good.append(report.task)
        else:
            broken.append(Broken(report.name, report.path, report.problems))
    return sorted(good, key=lambda task: task.name), broken


def listing(context: Context, now: float) -> Listing:
    """Every task with all that a list shows of it at `now` (epoch seconds), and the files that are none."""
    environ = context.environ
    good, broken = check(context.home, environ)
    known = habits(context.home, (task.name for task in good), now)
    kept, found = waits.of_home(context), []
    for task in good:
        here = machine.is_here(context.settings, task)
        following, trouble = next_slot(environ, task, now) if here else (None, "")
        by_itself = None if task.enabled else disabled.read(context.home, task.name)
        kept_waiting = tuple(waits.of_task(kept, task.name))
        routes = routing.to_task(context, task.name, now)
        elsewhere = "" if here else machine.sentence(context.settings, task)
        found.append(
            Listed(task, known[task.name], following, trouble, kept_waiting, by_itself, routes, elsewhere)
        )
    return Listing(tuple(found), tuple(broken), scheduled.look(context, good, sys.platform))


def next_slot(environ: Mapping[str, str], task: Task, now: float) -> tuple[Optional[Coming], str]:
    """The next slot time of a task that is enabled, or why it is not known."""
    if not task.enabled:
        return None, ""
    try:
        return next(iter(coming(environ, [task], now, 1)), None), ""
    except ClodputerError as error:
        return None, error.message
