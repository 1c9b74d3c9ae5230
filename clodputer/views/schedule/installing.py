"""An installation, or the taking away of one: what it has done or would do, and what to know of it."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.text.moment import format_duration
from clodputer.schedulers.installation import Plan, removals
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.unit import SPOOL, SWEEP, WEBHOOKS, Alarm, Change, SchedulerProblem
from clodputer.store.computer import zone
from clodputer.views.schedule.alarms import next_alarm


class Placed(NamedTuple):
    """An alarm that is in place: when it is due, in words, and its next moment (epoch seconds) when a clock says so."""

    kind: str
    task: str
    when: str
    next: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        moment = None if self.next is None else zone.stamp(self.next)
        return {"kind": self.kind, "task": self.task or None, "when": self.when, "next": moment}


class Outcome(NamedTuple):
    """One installation: its plan, whether it is only planned, what of the frozen environment changed, and how it went."""

    plan: Plan
    wanted: Wanted
    dry_run: bool
    shim_changed: bool
    environment_changes: tuple[str, ...]
    notes: tuple[str, ...]
    done: tuple[Change, ...] = ()
    failed: tuple[SchedulerProblem, ...] = ()

    def steps(self) -> tuple[Change, ...]:
        """What was done, or would be."""
        if not self.dry_run:
            return self.done
        return (
            *self.plan.changes,
            *(step for found in self.plan.elsewhere.values() for step in removals(found)),
        )

    def problems(self) -> tuple[SchedulerProblem, ...]:
        """What went wrong, and what to know."""
        return (*self.plan.problems, *self.failed)

    def alarms(self, now: float) -> list[Placed]:
        """The alarms that are in place afterwards, as they are due after `now` (epoch seconds)."""
        failed = {problem.unit for problem in self.failed if problem.fatal}
        there = {
            (unit.kind, unit.task) for unit in self.plan.units if unit.name not in failed and "" not in failed
        }
        return [
            Placed(
                alarm.kind,
                alarm.task,
                _when(alarm, self.plan.scheduler, self.plan.frame.sweep),
                next_alarm(alarm, now, {}),
            )
            for alarm in self.wanted.alarms
            if (alarm.kind, alarm.task) in there
        ]

    def to_json(self, now: float) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        plan = self.plan
        changed = {change.name for change in plan.changes}
        return {
            "scheduler": plan.scheduler,
            "home": plan.frame.home,
            "dry_run": self.dry_run,
            "shim": {"path": plan.frame.shim, "changed": self.shim_changed},
            "environment": dict(plan.frame.environment),
            "environment_changes": list(self.environment_changes),
            "changes": [change.to_json() for change in self.steps()],
            "unchanged": len([unit for unit in plan.units if unit.name not in changed]),
            "left": {name: len(found) for name, found in plan.elsewhere.items()},
            "alarms": [alarm.to_json() for alarm in self.alarms(now)],
            "without_alarm": list(self.wanted.silent),
            "elsewhere": list(self.wanted.elsewhere),
            "broken": list(self.wanted.broken),
            "notes": [*self.notes, *(problem.message for problem in self.problems() if not problem.fatal)],
        }


class Removal(NamedTuple):
    """What an uninstallation has done or would do: the changes, whether the shim and the home went too, and what is left.

    lost_homes: those that no longer exist and still have alarms. problems: what went wrong, and what to know.
    """

    home: str
    dry_run: bool
    changes: tuple[Change, ...]
    shim: bool
    purged: bool
    lost_homes: tuple[str, ...]
    problems: tuple[SchedulerProblem, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "home": self.home,
            "dry_run": self.dry_run,
            "changes": [change.to_json() for change in self.changes],
            "shim": self.shim,
            "purged": self.purged,
            "lost_homes": list(self.lost_homes),
            "notes": [problem.message for problem in self.problems if not problem.fatal],
        }


def _when(alarm: Alarm, scheduler: str, sweep: int) -> str:
    """When an alarm is due, in words."""
    if alarm.kind == SPOOL:
        at_once = "within a minute" if scheduler == "cron" else "at once"
        return f"{at_once}, when a file is moved into spool/new"
    if alarm.kind == SWEEP:
        # Cron has one line for drops and the sweep, and it comes every minute.
        often = "minute" if scheduler == "cron" else format_duration(sweep)
        return f"every {often}, for whatever was missed"
    if alarm.kind == WEBHOOKS and alarm.listen:
        host, port = alarm.listen
        return f"for each connection to {host} port {port}"
    return alarm.words
