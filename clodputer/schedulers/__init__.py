"""What starts `exec` in time: one package for each scheduler of an operating system, with the functions of `Scheduler`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Callable, Protocol

if TYPE_CHECKING:
    from clodputer.schedulers.unit import Alarm, Answer, Change, FoundUnit, Frame, SchedulerProblem, Unit


class Scheduler(Protocol):
    """The functions of a scheduler's package. What cannot be known or done raises ClodputerError, or is a SchedulerProblem."""

    def answers(self, frame: Frame) -> Answer:
        """Whether this scheduler can be used here and now, by looking; changes nothing and never raises."""

    def render(self, frame: Frame, alarm: Alarm) -> Unit:
        """The unit that serves this alarm. Pure but for reading templates.

        Never misses a slot time; starts exec too often where the scheduler cannot express it exactly, for exec looks again.
        Raises ClodputerError when a value cannot be written into a unit.
        """

    def inspect(self, frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
        """All our units that are there, installed or loaded, by their own marks; `everywhere`: of other homes too.

        Raises ClodputerError when that is not known.
        """

    def written(self, frame: Frame) -> list[FoundUnit]:
        """The units of this home as they are written, without asking the scheduler what it makes of them; `loaded`: it will.

        Reads files only, and the crontab by one call. Raises ClodputerError when that cannot be done.
        """

    def apply(
        self, frame: Frame, changes: Sequence[Change], done: Callable[[Change], None]
    ) -> list[SchedulerProblem]:
        """Perform the changes, calling `done` with each one afterwards; may be repeated after a crash.

        One that fails does not stop the others. Without changes no mutating call is made.
        """

    def start(self, frame: Frame) -> None:
        """Have a plain exec started now, as the sweep would, if the next would be more than a minute away.

        For what came while units were being changed. Never raises: if it fails, the sweep comes in its time.
        """

    def probe(self, frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
        """Have the scheduler itself start the shim once with these arguments, soon, as it would start a unit.

        Returns what takes the probe away again. Raises ClodputerError.
        """

    def problems(
        self, frame: Frame, units: Sequence[Unit], found: Sequence[FoundUnit]
    ) -> list[SchedulerProblem]:
        """What a doctor sees of this scheduler, beyond units that differ: failed ones, no linger, no daemon, ..."""


NAMES = ("launchd", "systemd", "cron")


def load(name: str) -> Scheduler:
    """The package of a scheduler, imported when it is first wanted. Raises KeyError for an unknown one."""
    if name not in NAMES:
        raise KeyError(name)
    scheduler: Scheduler = import_module(f"clodputer.schedulers.{name}")
    return scheduler
