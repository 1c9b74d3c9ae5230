"""Which alarms a home wants: one for each enabled task that is due without a person, one for drops, and the sweep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates import machines
from clodputer.model.schedules.ring import NOTHING
from clodputer.model.task import is_name
from clodputer.schedulers import ring
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, WEBHOOKS, Alarm, SchedulerProblem
from clodputer.store import secrets, settings
from clodputer.store.computer import machine
from clodputer.store.files import plainfile
from clodputer.store.home import Home
from clodputer.tasks import taskfile

# What follows `name:` at the beginning of a line, or in a mapping in braces; up to where a plain word ends.
_NAME = re.compile(r"""(?:^|[{,])[ \t]*["']?name["']?[ \t]*:[ \t]*["']?([^\s"',}]*)""", re.MULTILINE)
# A task file may have a megabyte (store/taskfiles); what is larger is broken anyway.
_MOST_READ = 1 << 20


class Wanted(NamedTuple):
    """What a home wants of its scheduler.

    alarms: those that are wanted. silent: the tasks that want none (disabled, manual, or of other machines). broken: the tasks
    whose files are not in order. kept: all names that broken files may give their tasks; what is installed under these stays as
    it is. hidden: one of these files hides its task's name, so that any name may be kept. problems: what is wrong with them.
    elsewhere: the tasks of other machines.
    """

    alarms: tuple[Alarm, ...]
    silent: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    hidden: bool = False
    problems: tuple[SchedulerProblem, ...] = ()
    elsewhere: tuple[str, ...] = ()


def wanted(
    home: Home,
    environ: Mapping[str, str],
    only: Iterable[str] = (),
    listen: Optional[tuple[str, int]] = None,
) -> Wanted:
    """Read the tasks, all or those named, as an exec in this frozen environment would. A broken one does not hide the others.

    listen: where webhooks are taken, if there are any.

    Raises ClodputerError: config.yaml or secrets.env is broken, or a task that is named does not exist.
    """
    known = secrets.load(home)
    here = machine.names(settings.load(home, environ))
    alarms, silent, elsewhere, broken, kept, hidden, problems = [], [], [], [], set(), False, []
    for report in taskfile.check_all(home, environ, only):
        if report.task is None:
            broken.append(report.name)
            names, any_other = _names_in(report.path)
            kept |= {report.name, *names}
            hidden = hidden or any_other
            problems += [
                SchedulerProblem(
                    "task_invalid", str(problem), taskfile.fix(home, report.name, report.path), report.name
                )
                for problem in report.problems
            ]
            continue
        try:
            needed = ring.wanted(report.task, environ, known, here)
        except ClodputerError as error:
            broken.append(report.name)
            kept.add(report.name)
            problems.append(SchedulerProblem(error.code, error.message, error.hint, report.name))
            continue
        problems += [_left_to_the_sweep(report.name) for _ in needed.secret]
        if not machines.fits(report.task.machines, here):
            elsewhere.append(report.name)
        if needed.ring == NOTHING:
            silent.append(report.name)
        else:
            alarms.append(Alarm(TASK, report.name, needed.ring, needed.words, report.task.triggers))
    return Wanted(
        (*alarms, Alarm(SPOOL), Alarm(SWEEP), *([Alarm(WEBHOOKS, listen=listen)] if listen else [])),
        tuple(silent),
        tuple(dict.fromkeys(broken)),
        frozenset(kept),
        hidden,
        tuple(problems),
        tuple(elsewhere),
    )


def _names_in(path: str) -> tuple[list[str], bool]:
    """The names that a file may give its task although it is not in order just now, and whether it may be any other."""
    try:
        content = plainfile.read(path, _MOST_READ).content.decode("utf-8", "replace")
    except (OSError, ValueError):
        return [], True
    found = _NAME.findall(content)
    return [name for name in found if is_name(name)], not all(map(is_name, found))


def _left_to_the_sweep(task: str) -> SchedulerProblem:
    message = f"{task}: its watched folder holds a value from secrets.env, which no scheduler may get"
    return SchedulerProblem("path_secret", message, "Only the sweep looks there.", task, fatal=False)
