"""What rings the alarm: one module for each operating system's scheduler, found by name, with the functions of `Scheduler`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable, Protocol

if TYPE_CHECKING:
    from clodputer.schedulers.unit import Alarm, Answer, Change, Found, Frame, Trouble, Unit


class Scheduler(Protocol):
    """The functions of a scheduler's module. What cannot be known or done raises ClodputerError, or is a Trouble."""

    def answers(self, frame: Frame) -> Answer:
        """Whether this scheduler can be used here and now, by looking; changes nothing and never raises."""

    def render(self, frame: Frame, alarm: Alarm) -> Unit:
        """The unit that rings this alarm. Pure but for reading templates.

        Never misses a slot time; rings too often where the scheduler cannot say it exactly, for exec looks again.
        Raises ClodputerError when it cannot be rendered.
        """

    def check(self, frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
        """What is wrong with rendered units: each is parsed back, key by key, before anything is written."""

    def inspect(self, frame: Frame, everywhere: bool = False) -> list[Found]:
        """All units of ours that are there, installed or loaded, by their own marks; `everywhere`: of other homes too.

        Raises ClodputerError when it cannot be told.
        """

    def apply(self, frame: Frame, changes: Sequence[Change], told: Callable[[Change], None]) -> list[Trouble]:
        """Perform the changes, `told` of each when it is done; may be repeated after a crash.

        One that fails does not stop the others. Without changes no mutating call is made.
        """

    def ring(self, frame: Frame) -> None:
        """Have a plain exec started now, in the way of the sweep, if the next would be more than a minute away.

        For what came while alarms were being changed. Never raises: else the sweep comes in its time.
        """

    def probe(self, frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
        """Have the scheduler itself start the shim once with these arguments, soon, as it would start a unit.

        Returns what takes the probe away again. Raises ClodputerError.
        """

    def troubles(self, frame: Frame, units: Sequence[Unit], found: Sequence[Found]) -> list[Trouble]:
        """What a doctor sees of this scheduler, beyond units that differ: failed ones, no linger, no daemon, ..."""


NAMES = ("launchd", "systemd", "cron")


def load(name: str) -> Scheduler:
    """The module of a scheduler, imported when it is first wanted. Raises KeyError for an unknown one."""
    if name not in NAMES:
        raise KeyError(name)
    from importlib import import_module

    scheduler: Scheduler = import_module(f"clodputer.schedulers.{name}")
    return scheduler
