"""cron, for Linux without systemd's user services: one block of plain lines in the person's own crontab."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import block, table
from clodputer.schedulers.cron.apply import apply, probe, start
from clodputer.schedulers.cron.inspect import inspect, written
from clodputer.schedulers.cron.problems import daemon_problem, problems
from clodputer.schedulers.cron.render import command, render
from clodputer.schedulers.unit import Answer, Frame

__all__ = ["answers", "apply", "inspect", "probe", "problems", "render", "start", "written"]


def answers(frame: Frame) -> Answer:
    """Whether cron can be used here and now, by looking; changes nothing and never raises."""
    try:
        command([frame.shim, "exec"])
        block.read(table.read(frame) or b"")
    except ClodputerError as error:
        return Answer(False, error.message, error.hint)
    quiet = daemon_problem()
    return Answer(True, "your crontab", notes=(f"{quiet.message}. {quiet.hint}",) if quiet else ())
