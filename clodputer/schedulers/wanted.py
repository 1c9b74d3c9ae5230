"""The alarms that a home wants: one for each enabled task that is due by itself, one for drops, and the sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.runner.prompt import watched_path
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, Alarm, Trouble
from clodputer.store import secrets
from clodputer.store.home import Home
from clodputer.tasks import taskfile

# What rings; `manual` is the one that does not.
RINGING = ("cron", "interval", "at", "file_watch", "startup")


class Wanted(NamedTuple):
    """The alarms, the tasks that want none (disabled or manual), and the broken ones: their names, and what is wrong."""

    alarms: tuple[Alarm, ...]
    silent: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def wanted(home: Home, environ: Mapping[str, str], only: Iterable[str] = ()) -> Wanted:
    """Read the tasks, all or those named, as an exec in this frozen environment would. A broken one hides no other.

    Raises ClodputerError: secrets.env is broken, or a task that is named does not exist.
    """
    known = secrets.load(home)
    alarms, silent, broken, troubles = [], [], [], []
    for report in taskfile.check_all(home, environ, only):
        if report.task is None:
            broken.append(report.name)
            troubles += [
                Trouble("task_invalid", str(problem), f"Fix: clodputer edit {report.name}", report.name)
                for problem in report.problems
            ]
            continue
        try:
            alarm, notes = task_alarm(report.task, environ, known)
        except ClodputerError as error:
            broken.append(report.name)
            troubles.append(Trouble(error.code, error.message, error.hint, report.name))
            continue
        troubles += notes
        if alarm.triggers:
            alarms.append(alarm)
        else:
            silent.append(report.name)
    return Wanted(
        (*alarms, Alarm(SPOOL), Alarm(SWEEP)), tuple(silent), tuple(dict.fromkeys(broken)), tuple(troubles)
    )


def task_alarm(
    task: Task, environ: Mapping[str, str], known: Mapping[str, str]
) -> tuple[Alarm, list[Trouble]]:
    """A task's alarm, without triggers when nothing of it rings; `known`: secrets.env. Pure. Raises ClodputerError."""
    triggers, paths, notes = [], [], []
    hide = secrets.masker_for(known, {})
    for trigger in task.triggers:
        if not task.enabled or trigger.type not in RINGING:
            continue
        if trigger.type == "file_watch":
            path = watched_path(task, trigger, environ, known)
            hidden = hide.text(path)
            if hidden == path:
                paths.append(path)
            else:
                told = f"{task.name}: its watched folder has a value of secrets.env in it, which no scheduler may be told"
                notes.append(
                    Trouble("path_secret", told, "It is looked at by the sweep only.", task.name, fatal=False)
                )
            trigger = trigger._replace(options={**trigger.options, "path": hidden})
        triggers.append(trigger)
    return Alarm(TASK, task.name, tuple(triggers), tuple(paths)), notes
