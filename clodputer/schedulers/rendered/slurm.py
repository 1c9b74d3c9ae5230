"""Slurm's own crontab: lines for `scrontab`, each a small job that starts `exec` in the home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import times
from clodputer.schedulers.cron.render import command
from clodputer.schedulers.rendered import MARK, Given
from clodputer.schedulers.unit import SWEEP, TASK, WEBHOOKS, Alarm, Frame, Unit, unit_stem

FILE = "scrontab"


def render(frame: Frame, alarm: Alarm, _given: Given) -> Unit:
    """The lines of one alarm; drops are served by those of the sweep. Raises ClodputerError."""
    if alarm.kind == WEBHOOKS:
        raise ClodputerError(
            "slurm_cannot_listen",
            "Slurm cannot listen for webhooks, so none is received",
            f"Have a program that listens start `{frame.shim} receive` for each connection, as inetd does.",
        )
    name = unit_stem(frame.home, frame.account, alarm.kind, alarm.task)
    moments = []
    if alarm.kind == SWEEP:
        moments = [every(frame.sweep)]
    elif alarm.kind == TASK:
        moments = [line for one in alarm.ring.times for line in times.times(one, frame.zone)]
    words = command([frame.shim, *alarm.arguments()])
    # Options hold for the one line that follows: scrontab(1).
    options = f"#SCRON --job-name=clodputer-{name}\n#SCRON --output=/dev/null\n"
    lines = "".join(f"{options}{moment} {words}\n" for moment in dict.fromkeys(moments))
    return Unit(name, alarm.kind, alarm.task, {FILE: f"# clodputer {name}\n{lines}"} if lines else {})


def files(_frame: Frame, units: Sequence[Unit], _given: Given) -> Mapping[str, str]:
    """The one table."""
    return {FILE: f"{MARK}\n" + "".join(text for unit in units for text in unit.files.values())}


def every(seconds: int) -> str:
    """The five fields that come at least so often, and not more than once a minute."""
    minutes = max(1, seconds // 60)
    return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *" if minutes < 60 else "0 * * * *"
