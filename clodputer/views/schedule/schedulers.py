"""What each scheduler has of this home: whether it answers, its units and their state, and where they differ from the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import Scheduler, installation, place, shim
from clodputer.schedulers import plan as plans
from clodputer.schedulers.freeze import differences
from clodputer.schedulers.unit import Alarm, Answer, Change, FoundUnit, SchedulerProblem
from clodputer.store.computer.zone import stamp
from clodputer.store.home import Home
from clodputer.views.schedule.alarms import next_alarm


class Seen(NamedTuple):
    """One found unit, and when it is due next (epoch seconds): as its scheduler says, else by the task's schedule.

    None for one that never does, or whose scheduler is not there.
    """

    found: FoundUnit
    next: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        unit = self.found
        return {
            "name": unit.name,
            "kind": unit.kind,
            "task": unit.task or None,
            "loaded": unit.loaded,
            "current": unit.current,
            "state": unit.state,
            "failed": unit.failed or None,
            "next": None if self.next is None else stamp(self.next),
        }


class View(NamedTuple):
    """One scheduler. drift: what `install` would change; installed: it is in use. unknown: why nothing is known of it."""

    name: str
    answer: Answer
    units: tuple[Seen, ...]
    installed: bool
    drift: tuple[Change, ...] = ()
    problems: tuple[SchedulerProblem, ...] = ()
    unknown: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "name": self.name,
            "usable": self.answer.usable,
            "message": self.answer.message,
            "installed": self.installed,
            "unknown": self.unknown or None,
            "units": [unit.to_json() for unit in self.units],
            "drift": [change.to_json() for change in self.drift],
            "problems": [problem._asdict() for problem in self.problems],
        }


class Schedulers(NamedTuple):
    """All of them, and the drift of what they share.

    shim: "" when it is as `install` would write it, "missing" or "differs". zone_was: the system's time zone when it
    was installed, if that is another one now.
    """

    views: tuple[View, ...]
    shim: str
    environment_changes: tuple[str, ...]
    zone_was: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "drifted": self.drifted(),
            "shim": self.shim or "current",
            "zone_was": self.zone_was or None,
            "environment_changes": list(self.environment_changes),
            "schedulers": [view.to_json() for view in self.views],
        }

    def drifted(self) -> bool:
        """Whether `clodputer install` would change anything, or nothing starts the tasks at all."""
        used = [view for view in self.views if view.installed]
        return bool(self.shim or self.zone_was or len(used) != 1 or any(view.drift for view in used))


def gather(
    home: Home, environ: Mapping[str, str], schedulers: Mapping[str, Scheduler], platform: str, now: float
) -> Schedulers:
    """Ask them all; changes nothing. Raises ClodputerError: config.yaml or secrets.env is broken."""
    at = place.look(home, environ, platform)
    path = at.frame.shim
    known = shim.read(path)
    # Compared with what was frozen: a status that is asked for in another terminal is no drift.
    frame = at.frame._replace(environment=known.environment) if known else at.frame
    wanted = plans.wanted(home, frame.environment, listen=frame.listen)
    alarms = {(alarm.kind, alarm.task): alarm for alarm in wanted.alarms}
    views = []
    for name, seen in installation.look(schedulers, frame).items():
        units = tuple(
            Seen(one, _next(one, alarms, now) if seen.answer.usable else None) for one in seen.found
        )
        view = View(name, seen.answer, units, bool(units), unknown=seen.unknown)
        if units:
            try:
                plan = installation.plan(name, schedulers[name], frame, wanted, (), seen.found, {})
                found = schedulers[name].problems(frame, plan.units, seen.found)
                view = view._replace(drift=plan.changes, problems=(*plan.problems, *found))
            except ClodputerError as error:
                view = view._replace(problems=(SchedulerProblem(error.code, error.message, error.hint),))
        views.append(view)
    return Schedulers(
        tuple(views),
        _shim(path, known, at.shim),
        tuple(differences(known.environment, at.frame.environment)) if known else (),
        known.zone if known and known.zone != at.frame.zone else "",
    )


def _shim(path: str, known: Optional[shim.Shim], wanted: shim.Shim) -> str:
    if known is None:
        return "differs" if shim.ours(path) else "missing"
    there = wanted._replace(environment=known.environment, zone=known.zone)
    return "" if shim.current(path, shim.text(there)) else "differs"


def _next(one: FoundUnit, alarms: Mapping[tuple[str, str], Alarm], now: float) -> Optional[float]:
    if one.next is not None:
        return one.next
    alarm = alarms.get((one.kind, one.task))
    return next_alarm(alarm, now, {}) if alarm else None
