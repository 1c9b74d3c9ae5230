"""Whether anything starts the tasks of a home at their times, as far as files show it: quick enough for every `list`."""

# Only `crontab` is asked, as no file can be read instead. What a scheduler makes of its files is for the doctor to find out.
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.ring import NOTHING
from clodputer.model.task import Task
from clodputer.schedulers import installation, load, ring, shim
from clodputer.schedulers.place import listening
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.rendered import handed
from clodputer.schedulers.shim import Shim
from clodputer.schedulers.unit import REPLACE, SWEEP, TASK, Alarm, Change, FoundUnit, Frame, changes
from clodputer.store.computer import machine
from clodputer.store.context import Context
from clodputer.store.home import Home

# How long `crontab -l` may take, in seconds.
SECONDS = 5.0
NO_SCHEDULER, UNKNOWN = "no_scheduler", "scheduler_unknown"
# What may be wrong with the alarm of one task.
MISSING, DIFFERS = "missing", "differs"
INSTALL = "Run: clodputer install"
MOST_NAMED = 3


class Scheduled(NamedTuple):
    """What starts the tasks that were asked for.

    name: the scheduler that has alarms of this home, or "". problem: why none of them is started in time, or not known to be.
    alarms: the tasks whose alarm is not as they want it, with MISSING or DIFFERS. swept: the scheduler looks every few minutes
    for what no alarm came for, so that those tasks are late and not forgotten.
    """

    name: str = ""
    problem: Optional[ClodputerError] = None
    alarms: Mapping[str, str] = {}
    swept: bool = True

    def nothing_starts(self, task: str) -> bool:
        """Whether the slot times of a task will pass without anybody looking, as things stand."""
        gone = self.problem is not None and self.problem.code != UNKNOWN
        return gone or (task in self.alarms and not self.swept)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.problem.hint if self.problem else INSTALL

    @property
    def late(self) -> str:
        """What becomes of a task without its alarm, as half a sentence."""
        return "may start late" if self.swept else "may not start at all"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        problem = self.problem
        return {
            "name": self.name or None,
            "problem": None
            if problem is None
            else {"code": problem.code, "message": problem.message, "hint": problem.hint},
            "alarms": [{"task": task, "problem": self.alarms[task]} for task in sorted(self.alarms)],
        }


def sentence(scheduled: Scheduled) -> str:
    """What is wrong, and what to do about it, in a sentence or two; "" when all is well."""
    problem, names = scheduled.problem, sorted(scheduled.alarms)
    if problem is not None:
        so = ", so that nothing starts its tasks" if problem.code == NO_SCHEDULER else ""
        return f"{problem.message}{so}. {problem.hint}".strip()
    if not names:
        return ""
    shown = ", ".join(names[:MOST_NAMED]) + (", ..." if names[MOST_NAMED:] else "")
    need, they = ("needs", "it") if len(names) == 1 else ("need", "they")
    return f"{scheduled.name} does not have the alarms that {shown} {need}, so {they} {scheduled.late}. {INSTALL}"


def look(context: Context, tasks: Iterable[Task], platform: str) -> Scheduled:
    """What starts these tasks; nothing is wrong when none of them needs an alarm. Changes nothing. Raises OSError."""
    known = shim.read(installation.shim_path(context.home.root))
    at = None if known is None else frame(context.home, context.settings, known, SECONDS)
    alarms = _alarms(context, tasks, at.environment if at else context.environ)
    if not alarms:
        return Scheduled()
    if at is None:
        # Without it no unit could start anything, and `uninstall` removes it last: no scheduler need be asked.
        return _without(context.home)
    name, found = "", []
    for candidate in installation.candidates(platform):
        try:
            found = load(candidate).written(at)
        except ClodputerError as error:
            message = f"it could not be found out whether {candidate} starts the tasks of this home: {error.message}"
            return Scheduled(candidate, ClodputerError(UNKNOWN, message, error.hint))
        if found:
            name = candidate
            break
    if not name:
        return _without(context.home)
    units, _ = installation.rendered(load(name), at, Wanted(tuple(alarms)))
    return judge(name, changes(list(units), found), found)


def _without(home: Home) -> Scheduled:
    """No scheduler of this machine has an alarm. What was written down for a cluster is taken to be in place there."""
    known = handed.read(home)
    return Scheduled(known.scheduler) if known is not None else Scheduled(problem=_none(home))


def judge(name: str, steps: Iterable[Change], found: Iterable[FoundUnit]) -> Scheduled:
    """What the difference between the alarms of some tasks and the units that were found amounts to. Pure."""
    wrong = {}
    for step in steps:
        if step.unit is not None and (step.found is None or not step.found.loaded):
            wrong[step.unit.task] = MISSING
        elif step.unit is not None and step.verb == REPLACE:
            wrong[step.unit.task] = DIFFERS
    return Scheduled(name, None, wrong, any(unit.kind == SWEEP and unit.loaded for unit in found))


def frame(home: Home, settings: Settings, known: Shim, seconds: float) -> Frame:
    """The frame of the installation that is there, for differences to that and not to this terminal.

    seconds: how long one call of a scheduler's own programs may take.
    """
    account, path = known.environment.get("HOME", ""), installation.shim_path(home.root)
    return Frame(
        home.root,
        account,
        path,
        known.environment,
        int(settings.sweep),
        known.zone,
        seconds,
        listening(settings),
    )


def _alarms(context: Context, tasks: Iterable[Task], environ: Mapping[str, str]) -> list[Alarm]:
    """The alarms that the enabled ones want."""
    alarms, names = [], machine.names(context.settings)
    for task in tasks:
        try:
            needed = ring.wanted(task, environ, context.secrets, names)
        except ClodputerError:
            continue  # its watched folder cannot be named: what `install` and `doctor` say
        if needed.ring != NOTHING:
            alarms.append(Alarm(TASK, task.name, needed.ring, needed.words, task.triggers))
    return alarms


def _none(home: Home) -> ClodputerError:
    return ClodputerError(NO_SCHEDULER, f"no scheduler is set up for {home.root}", INSTALL)
