"""What is wrong with rendered lines of a crontab, found by reading each of them back as cron would."""

from __future__ import annotations

from collections.abc import Sequence

from clodputer.model.errors import ClodputerError
from clodputer.model.schedules import cron
from clodputer.schedulers.cron.block import identity
from clodputer.schedulers.cron.render import EVERY_MINUTE, command
from clodputer.schedulers.unit import TASK, Frame, Unit


def faults(frame: Frame, units: Sequence[Unit]) -> list[str]:
    """Everything that is wrong with the lines of these units, and with all of them together."""
    found = []
    minute = False
    for unit in units:
        text = unit.files[unit.name]
        if not text.endswith("\n") or "\r" in text:
            found.append("it does not end with a line break")
        if identity(text) != (unit.name, unit.kind, unit.task):
            found.append("its first line does not say what it is")
        for line in text.split("\n")[1:]:
            if line and not line.startswith("#"):
                wrong = _wrong(line, frame.shim, unit.task)
                found += [wrong] if wrong else []
                minute = minute or (unit.kind != TASK and line.startswith(f"{EVERY_MINUTE} "))
            elif "clodputer" in line:
                found.append(f"{line!a} could be taken for a mark")
    return found if minute else [*found, "no line starts it every minute"]


def _wrong(line: str, shim: str, task: str) -> str:
    words = line.split()
    try:
        cron.parse(" ".join(words[:5]))
        command(words[5:])
    except (cron.InvalidCron, ClodputerError) as error:
        return f"{line!a}: {error}"
    wanted = [shim, "exec", *(("--task", task) if task else ())]
    return "" if words[5:] == wanted else f"{line!a} does not start {' '.join(wanted)}"
