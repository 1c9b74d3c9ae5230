"""A scheduler for tests that keeps its units in a drawer, starts nothing, and writes down what it is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Callable

from clodputer.cli.commands.install import Options, install
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.schedulers.unit import (
    Alarm,
    Answer,
    Change,
    FoundUnit,
    Frame,
    SchedulerProblem,
    Unit,
    unit_stem,
)
from clodputer.store.home import Home

NOW = 1_795_000_000.0
CRON = 'trigger: {type: cron, schedule: "0 8 * * mon-fri"}\n'


class Drawer:
    """Has the functions of `Scheduler`. `refused`: names whose changes fail; `unrendered`: tasks that it cannot express."""

    def __init__(self, usable: bool = True) -> None:
        self.usable = usable
        self.units: dict[str, FoundUnit] = {}
        self.asked: list[str] = []
        self.starts = 0
        self.refused: set[str] = set()
        self.unrendered: set[str] = set()

    def answers(self, frame: Frame) -> Answer:
        return Answer(self.usable, "a drawer", "Open it.", notes=("it creaks",) if self.usable else ())

    def render(self, frame: Frame, alarm: Alarm) -> Unit:
        if alarm.task in self.unrendered:
            raise ClodputerError("drawer", f"{alarm.task} does not fit")
        name = unit_stem(frame.home, frame.account, alarm.kind, alarm.task)
        return Unit(
            name, alarm.kind, alarm.task, {f"{name}.unit": f"{frame.shim}\n{alarm.ring}\n{alarm.words}\n"}
        )

    def inspect(self, frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
        return [one for one in self.units.values() if everywhere or one.home == frame.home]

    def written(self, frame: Frame) -> list[FoundUnit]:
        return self.inspect(frame)

    def apply(
        self, frame: Frame, changes: Sequence[Change], done: Callable[[Change], None]
    ) -> list[SchedulerProblem]:
        problems = []
        for change in changes:
            self.asked.append(f"{change.verb} {change.name}")
            if change.name in self.refused:
                problems.append(SchedulerProblem("refused", f"{change.name} is refused", unit=change.name))
                continue
            if change.unit is None:
                del self.units[change.name]
            else:
                unit = change.unit
                self.units[unit.name] = FoundUnit(
                    unit.name, frame.home, unit.kind, unit.task, unit.files, True
                )
            done(change)
        return problems

    def start(self, frame: Frame) -> None:
        self.starts += 1

    def probe(self, frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
        return lambda: None

    def problems(
        self, frame: Frame, units: Sequence[Unit], found: Sequence[FoundUnit]
    ) -> list[SchedulerProblem]:
        return []


def environ(home: Home) -> dict[str, str]:
    """What `install` finds around it."""
    return {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"], "CLODPUTER_HOME": home.root}


def installed(home: Home, *drawers: Drawer, told: Any = None, **options: Any) -> Result:
    """Install into the first scheduler that can be used."""
    return install(
        environ(home),
        Options(**options),
        dict(zip(("systemd", "cron"), drawers)),
        NOW,
        told or (lambda *_: None),
    )


def tasks(drawer: Drawer) -> list[str]:
    """The tasks that a drawer has units for, and the kinds of its other units."""
    return sorted(one.task or one.kind for one in drawer.units.values())
