"""That nothing starts some tasks at their times, or perhaps too late, and what to do about it."""

from __future__ import annotations

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.schedulers.scheduled import DIFFERS, Scheduled, sentence


def note(scheduled: Scheduled) -> str:
    """A warning to show below times; "" when all is well."""
    words = sentence(scheduled)
    return hung(f"{ink('note:', 'yellow')} {printable(words)}") if words else ""


def of_task(scheduled: Scheduled, task: str) -> str:
    """What is wrong for one task, as half a sentence about it; "" when its alarm is as it should be."""
    if scheduled.problem is not None:
        return printable(scheduled.problem.message)
    if task not in scheduled.alarms:
        return ""
    what = "differs from the task" if scheduled.alarms[task] == DIFFERS else "is missing"
    return f"its alarm in {scheduled.name} {what}, so that it {scheduled.late}"
