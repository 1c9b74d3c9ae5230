"""That nothing starts some tasks at their times, or perhaps too late, and what to do about it."""

from __future__ import annotations

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.schedulers.scheduled import DIFFERS, INSTALL, NO_SCHEDULER, Scheduled

MOST_NAMED = 3


def note(scheduled: Scheduled) -> str:
    """A warning to stand below times; "" when all is well."""
    words = sentence(scheduled)
    return hung(f"{ink('note:', 'yellow')} {words}") if words else ""


def sentence(scheduled: Scheduled) -> str:
    """The same as a sentence or two."""
    problem, names = scheduled.problem, sorted(scheduled.alarms)
    if problem is not None:
        so = ", so that nothing starts its tasks" if problem.code == NO_SCHEDULER else ""
        return printable(f"{problem.message}{so}. {problem.hint}".strip())
    if not names:
        return ""
    shown = ", ".join(names[:MOST_NAMED]) + (", ..." if names[MOST_NAMED:] else "")
    need, they = ("needs", "it") if len(names) == 1 else ("need", "they")
    return printable(
        f"{scheduled.name} does not have the alarms that {shown} {need}, so that {they} {_late(scheduled)}. {INSTALL}"
    )


def of_task(scheduled: Scheduled, task: str) -> str:
    """What is wrong for one task, as half a sentence about it; "" when its alarm is as it should be."""
    if scheduled.problem is not None:
        return printable(scheduled.problem.message)
    if task not in scheduled.alarms:
        return ""
    what = "differs from the task" if scheduled.alarms[task] == DIFFERS else "is missing"
    return f"its alarm in {scheduled.name} {what}, so that it {_late(scheduled)}"


def _late(scheduled: Scheduled) -> str:
    return "may start late" if scheduled.swept else "may not start at all"
