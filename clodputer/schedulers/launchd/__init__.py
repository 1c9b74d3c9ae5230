"""launchd, the scheduler of macOS: units are LaunchAgents of the person, one plist each, in the desktop session."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import launchctl
from clodputer.schedulers.launchd.apply import apply, start
from clodputer.schedulers.launchd.inspect import inspect, written
from clodputer.schedulers.launchd.probe import probe
from clodputer.schedulers.launchd.problems import problems
from clodputer.schedulers.launchd.render import render
from clodputer.schedulers.unit import Answer, Frame

__all__ = ["answers", "apply", "inspect", "probe", "problems", "render", "start", "written"]


def answers(frame: Frame) -> Answer:
    """Whether launchd is here and would take units from us."""
    refused = launchctl.refusal()
    if refused is not None:
        return Answer(False, refused.message, refused.hint)
    try:
        session = launchctl.session(frame)
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    if session is None:
        return Answer(
            True, "launchd", notes=("there is no desktop session; units are loaded at your next login",)
        )
    return Answer(True, "launchd")
