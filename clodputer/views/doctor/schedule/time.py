"""What the doctor looks at of time: the clock, slot times that nobody looked at or that were missed, and a Mac that sleeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.due import MISSED, REASONS
from clodputer.model.schedules.schedule import Schedule, slots
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone as zones
from clodputer.store.records import runs
from clodputer.store.triggers import ledger
from clodputer.views.doctor.finding import Facts, Finding, ask, named, note, ok, problem
from clodputer.views.schedule import fates

DAY = 86400.0
# A clock that is set right by less is no event, in seconds.
BACK = 60.0
# This program is no older; a clock that shows an earlier time was never set.
WRITTEN = 1_735_689_600.0
# So many slot times are looked at; more of them would say nothing new.
MOST = 1000
# The hours in which a Mac that nobody uses is asleep.
NIGHT = (22, 7)

# Slot times that were missed for these reasons are reported; the others were left out on purpose.
_TOLD = ("too_late", "asleep_or_off")


def clock(facts: Facts) -> list[Finding]:
    """Whether the clock was put back: what the ledger and the runs say happened, has not happened yet by this clock."""
    if facts.now < WRITTEN:
        return problem(
            "clock",
            f"the clock says {zones.wall(facts.now)}",
            "Set the clock, or switch on time from the network.",
        )
    ahead = [
        entry.accounted
        for task in ledger.tasks(facts.home)
        for entry in ledger.entries(facts.home, task).values()
    ] + [moment for moment in [_latest_run(facts)] if moment is not None]
    farthest = max(ahead, default=0.0) - facts.now
    if farthest > BACK:
        return note(
            "clock",
            f"the clock was set back: something is dated {format_duration(farthest)} ahead of now",
            "Check date and time. The next exec counts from now; nothing is run twice.",
        )
    return ok("clock", zones.wall(facts.now))


def terminal_zone(facts: Facts) -> list[Finding]:
    """Whether TZ, if it is set, is a time zone: else every program that it reaches goes by UTC, and so do we."""
    if zones.is_no_zone(facts.environ):
        return problem(
            "tz",
            f"TZ is {facts.environ['TZ'][:60]!a}, which is not a time zone; in this terminal slot times go by UTC",
            "Unset TZ, or set it to a name such as Europe/Berlin. Alarms do not use it.",
        )
    return ok("tz", f"TZ is {facts.environ['TZ']}" if facts.environ.get("TZ") else "TZ is not set")


def missed(facts: Facts) -> list[Finding]:
    """Slot times of the last day that were not run, since nothing looked in time."""
    found: list[Finding] = []
    for task in sorted(ledger.tasks(facts.home)):
        fates = [
            fate
            for entry in ledger.entries(facts.home, task).values()
            for fate in entry.fates
            if fate.fate == MISSED and fate.reason in _TOLD and facts.now - fate.noticed_at < DAY
        ]
        if fates:
            number = sum(fate.number for fate in fates)
            message = f"task {task} missed {counted(number, 'slot time')} up to {zones.wall(max(fate.last for fate in fates))}"
            found += note(
                "missed", f"{message}: {REASONS[fates[-1].reason]}", f"To run it now: clodputer run {task}"
            )
    return found or ok("missed", "no slot time was missed since yesterday")


def silence(facts: Facts) -> list[Finding]:
    """Slot times that have passed and that nobody has looked at: the scheduler is silent."""
    found = fates.overdue(facts.environ, facts.home, facts.tasks, facts.now, MOST)
    latest = _latest_run(facts)
    last = (
        f"the latest run began {format_duration(facts.now - latest)} ago"
        if latest
        else "nothing has ever run here"
    )
    if not found:
        return ok("silence", f"no slot time has passed without an exec; {last}")
    first, names = min(one.slot for one in found), sorted({one.task for one in found})
    return problem(
        "silence",
        f"{counted(sum(one.number for one in found), 'slot time')} passed since {zones.wall(first)} and no exec ran "
        f"({named(names)}); {last}",
        "No scheduler calls exec: clodputer install; to see whether it works: clodputer doctor --canary",
    )


def sleep(facts: Facts) -> list[Finding]:
    """Whether this Mac sleeps through the night while tasks are due in it; launchd never wakes it."""
    if facts.platform != "darwin":
        return []
    minutes = sleep_of(ask(facts, ["pmset", "-g"]).out)
    if not minutes:
        return ok("sleep", "this Mac does not go to sleep by itself")
    nightly = sorted({task for task, schedule in _schedules(facts) if _at_night(schedule, facts.now)})
    if not nightly:
        return ok(
            "sleep", f"this Mac goes to sleep after {counted(minutes, 'minute')}; nothing is due at night"
        )
    return note(
        "sleep",
        f"this Mac goes to sleep after {counted(minutes, 'minute')}, and {named(nightly)} "
        f"{'is' if len(nightly) == 1 else 'are'} due at night: what is due while it sleeps runs when it wakes",
        "Keep it awake while on power (System Settings), or: sudo pmset repeat wakeorpoweron MTWRFSU HH:MM:00",
    )


def sleep_of(text: str) -> int:
    """After how many minutes a Mac goes to sleep, from what `pmset -g` prints; 0 for never."""
    found = re.search(r"^\s*sleep\s+(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def _at_night(schedule: Schedule, now: float) -> bool:
    for slot in islice(slots(schedule, now), 100):
        if slot > now + 8 * DAY:
            return False
        hour = datetime.fromtimestamp(slot).astimezone().hour
        if hour >= NIGHT[0] or hour < NIGHT[1]:
            return True
    return False


def _schedules(facts: Facts) -> Iterator[tuple[str, Schedule]]:
    """The schedules of all enabled tasks, each with its task's name."""
    for task in facts.tasks:
        for one in task.triggers if task.enabled else ():
            try:
                schedule = triggers.schedule(one, facts.environ)
            except ClodputerError:
                continue  # a finding of the tasks' own check
            if schedule is not None:
                yield task.name, schedule


def _latest_run(facts: Facts) -> Optional[float]:
    """When the latest run of any task began; what is no run of ours is passed over."""
    moments = []
    for task in runs.tasks(facts.home):
        for run_id in runs.ids(facts.home, task):
            try:
                moments.append(runs.moment_of(run_id))
            except ValueError:
                continue
            break
    return max(moments, default=None)
