"""launchd, the scheduler of macOS: units are LaunchAgents of the person, one plist each, in the desktop session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import control, find, install, plist
from clodputer.schedulers.launchd import probing as launchd_probe
from clodputer.schedulers.launchd import problems as launchd_troubles
from clodputer.schedulers.launchd import readback as launchd_check
from clodputer.schedulers.unit import Alarm, Answer, Change, Found, Frame, Trouble, Unit


def answers(frame: Frame) -> Answer:
    """Whether launchd is here and would take units from us."""
    refused = control.refusal()
    if refused is not None:
        return Answer(False, refused.message, refused.hint)
    try:
        session = control.session(frame)
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    if session is None:
        return Answer(
            True, "launchd", notes=("there is no desktop session; units are loaded at your next login",)
        )
    return Answer(True, "launchd")


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The unit that rings this alarm. Raises ClodputerError."""
    return plist.render(frame, alarm)


def check(frame: Frame, units: Sequence[Unit]) -> list[Trouble]:
    """What is wrong with rendered units."""
    return launchd_check.check(frame, units)


def inspect(frame: Frame, everywhere: bool = False) -> list[Found]:
    """All units of ours that are there. Raises ClodputerError."""
    return find.inspect(frame, everywhere)


def apply(frame: Frame, changes: Sequence[Change], told: Callable[[Change], None]) -> list[Trouble]:
    """Perform the changes, `told` of each when it is done; may be repeated after a crash."""
    return install.apply(frame, changes, told)


def ring(frame: Frame) -> None:
    """Have a plain exec started now. Never raises."""
    install.ring(frame)


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have launchd start the shim once with these arguments; returns what takes the probe away. Raises ClodputerError."""
    return launchd_probe.probe(frame, arguments)


def troubles(frame: Frame, units: Sequence[Unit], found: Sequence[Found]) -> list[Trouble]:
    """What a doctor sees of launchd."""
    return launchd_troubles.troubles(frame, units, found)
