"""What the doctor looks at of the scheduler: whether one is set up, for what the tasks want, and what its alarms find."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from difflib import unified_diff

from clodputer import __version__, triggers
from clodputer.agents import locate
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.schedulers.rendered import handed
from clodputer.schedulers.unit import ADD, RELOAD, REMOVE, REPLACE, Change, SchedulerProblem
from clodputer.store.computer import zone
from clodputer.store.home import Home, exists
from clodputer.views.doctor.agents.claude import located
from clodputer.views.doctor.finding import (
    NOTE,
    PROBLEM,
    Facts,
    Finding,
    ask,
    named,
    note,
    ok,
    problem,
)
from clodputer.views.doctor.fix import INSTALL_AGAIN

RUN_INSTALL = "Run: clodputer install"
# Of a file that differs so many lines are shown.
MOST_LINES = 12
MOST_DIFFERENCES = 3


def scheduler(facts: Facts) -> list[Finding]:
    """Whether a scheduler is set up for this home, and answers."""
    installed = facts.installed
    if installed is None:
        return problem(
            "scheduler",
            "the schedulers of this system could not be asked",
            "Try again; then: clodputer install",
        )
    found: list[Finding] = []
    for name in installed.names:
        answer = installed.known[name].answer
        if not answer.usable:
            found += problem(
                "scheduler",
                f"{name} has the alarms, and cannot be used: {answer.message}",
                answer.hint or RUN_INSTALL,
            )
    if installed.names:
        seen = [
            one for known in installed.known.values() for one in known.found if one.home == facts.home.root
        ]
        return found or ok(
            "scheduler",
            f"{named(installed.names)} starts the tasks of this home: {counted(len(seen), 'unit')}",
        )
    if (written := handed.read(facts.home)) is not None:
        return note("scheduler", written.words)
    usable = [name for name, known in installed.known.items() if known.answer.usable]
    if usable:
        # What limits it is said as `install --dry-run` says it.
        notes = "".join(f"; {note}" for note in installed.known[usable[0]].answer.notes)
        message = f"no scheduler is set up for this home; {usable[0]} could be used{notes}"
        return [_silent(facts, message, RUN_INSTALL)]
    why = "; ".join(f"{name}: {known.answer.message}" for name, known in installed.known.items())
    hints = [known.answer.hint for known in installed.known.values() if known.answer.hint]
    return [
        _silent(facts, f"no scheduler is set up for this home, and none can be used: {why}", "\n".join(hints))
    ]


def _silent(facts: Facts, message: str, remedy: str) -> Finding:
    """No scheduler is set up: a problem as soon as a task relies on it."""
    relying = [
        task.name for task in facts.tasks if task.enabled and any(map(triggers.needs_alarm, task.triggers))
    ]
    needed = f". It is needed by {named(relying)}" if relying else ""
    text = f"{message.rstrip('.')}{needed}"
    return Finding("scheduler", PROBLEM if relying else NOTE, text, remedy or RUN_INSTALL)


def two(facts: Facts) -> list[Finding]:
    """Whether two schedulers are set up for one home: it does no harm, but surprises a person who removes one."""
    if facts.installed is None or len(facts.installed.names) < 2:
        return []
    return note(
        "two-schedulers",
        f"{' and '.join(facts.installed.names)} both start the tasks of this home",
        RUN_INSTALL,
        INSTALL_AGAIN,
    )


def units(facts: Facts) -> list[Finding]:
    """Whether what is installed is what the tasks want now, and whether the scheduler has it so."""
    installed = facts.installed
    if installed is None or not installed.names:
        return []
    found = [_trouble("units", one) for one in installed.problems if one.code != "task_invalid"]
    found += _changes(installed.changes)
    return found or ok("units", f"{counted(len(installed.units), 'unit')} as the tasks need them")


def _changes(steps: Sequence[Change]) -> list[Finding]:
    """What an installation would do now, as findings: one for each way of being wrong, however many units are."""
    found: list[Finding] = []
    for verb, level, what in (
        (ADD, PROBLEM, "not installed"),
        (RELOAD, PROBLEM, "installed, but changed since, in its file or in the scheduler"),
        (REMOVE, NOTE, "still installed, for tasks that are gone, disabled or manual"),
    ):
        names = [_alarm(step) for step in steps if step.verb == verb]
        states = sorted(
            {step.found.state for step in steps if step.verb == verb and step.found and step.found.state}
        )
        state = f" ({named(states)})" if states and verb == RELOAD else ""
        if names:
            found.append(
                Finding("units", level, f"{named(names, 5)}: {what}{state}", RUN_INSTALL, INSTALL_AGAIN)
            )
    differing = [step for step in steps if step.verb == REPLACE]
    for step in differing[:MOST_DIFFERENCES]:
        message = f"{_alarm(step)}: not as the task needs it\n{difference(step)}".rstrip()
        found.append(Finding("units", PROBLEM, message, RUN_INSTALL, INSTALL_AGAIN))
    if len(differing) > MOST_DIFFERENCES:
        names = [_alarm(step) for step in differing[MOST_DIFFERENCES:]]
        found.append(
            Finding(
                "units", PROBLEM, f"{named(names, 5)}: not as the tasks need them", RUN_INSTALL, INSTALL_AGAIN
            )
        )
    return found


def _alarm(step: Change) -> str:
    task = step.unit.task if step.unit else step.found.task if step.found else ""
    return f"task {task}" if task else step.name


def difference(change: Change) -> str:
    """What a unit's files would lose (-) and gain (+), in a few lines."""
    before = change.found.files if change.found else {}
    after = change.unit.files if change.unit else {}
    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path, "").splitlines(), after.get(path, "").splitlines()
        changed = [
            line
            for line in unified_diff(old, new, lineterm="", n=0)
            if not line.startswith(("---", "+++", "@@"))
        ]
        lines += [os.path.basename(path), *changed] if changed else []
    return "\n".join(lines[:MOST_LINES] + (["..."] if len(lines) > MOST_LINES else []))


def alarms(facts: Facts) -> list[Finding]:
    """What the scheduler's own module sees: failed units, a person who must be logged in, a daemon that is not there."""
    installed = facts.installed
    if installed is None or not installed.names:
        return []
    seen = [_trouble("alarms", one) for one in installed.seen]
    return seen or ok("alarms", f"{named(installed.names)} reports no problem")


def _trouble(check: str, one: SchedulerProblem) -> Finding:
    return Finding(check, PROBLEM if one.fatal else NOTE, one.message, one.hint or RUN_INSTALL)


def shim(facts: Facts) -> list[Finding]:
    """Whether the program that all alarms start is there and works."""
    installed = facts.installed
    path = f"{facts.home.root}/bin/clodputer"
    if installed is None or not (installed.names or os.path.lexists(path)):
        return []
    if installed.shim is None:
        what = "is there, but not as clodputer install wrote it" if os.path.lexists(path) else "is not there"
        return problem(
            "shim",
            f"{path}, which all alarms start, {what}",
            RUN_INSTALL,
            None if os.path.lexists(path) else INSTALL_AGAIN,
        )
    bits = os.stat(path).st_mode
    if bits & (stat.S_IWGRP | stat.S_IWOTH):
        return problem("shim", f"others can write to {path}, which all alarms start", f"chmod 700 {path}")
    for needed, works in (
        (path, locate.executable(path)),
        (installed.shim.python, locate.executable(installed.shim.python)),
        (installed.shim.places[0], os.path.isdir(f"{installed.shim.places[0]}/clodputer")),
    ):
        if not works:
            return problem(
                "shim",
                f"{path} needs {needed}, which is gone or cannot be started",
                RUN_INSTALL,
                INSTALL_AGAIN,
            )
    said = ask(facts, [path, "--version"])
    if said.status != 0:
        words = (said.err or said.out).strip()[-300:] or "it does not answer"
        return problem(
            "shim", f"{path}, which all alarms start, does not work: {words}", RUN_INSTALL, INSTALL_AGAIN
        )
    version = said.out.split()[-1] if said.out.split() else "unknown"
    if version != __version__:
        return note(
            "shim",
            f"alarms run version {version} from {installed.shim.places[0]}; this is {__version__}",
            RUN_INSTALL,
            INSTALL_AGAIN,
        )
    return ok("shim", f"{path}, with {installed.shim.python}")


def unit_path(facts: Facts) -> list[Finding]:
    """Whether alarms find claude with the PATH that is frozen for them."""
    if facts.installed is None or facts.installed.shim is None:
        return []
    frozen = facts.installed.shim.environment
    if not any(task.enabled and task.agent == "claude" for task in facts.tasks):
        return []
    try:
        here = located(facts, facts.environ)
    except ClodputerError:
        here = ""
    try:
        path = located(facts, frozen)
    except ClodputerError as error:
        if not here:
            return []  # the check of claude itself tells that there is none
        return problem(
            "unit-path",
            f"alarms do not find claude, and this terminal does: {here}",
            f"{RUN_INSTALL}, or {error.hint[0].lower()}{error.hint[1:]}",
        )
    here = here or path
    if os.path.realpath(here) != os.path.realpath(path):
        return note(
            "unit-path",
            f"alarms start {path}, and this terminal {here}",
            f"If you want the one of this terminal: {RUN_INSTALL[5:]}",
        )
    return ok("unit-path", f"alarms start {path}")


def zone_changed(facts: Facts) -> list[Finding]:
    """Whether the computer moved to another time zone since the alarms were set."""
    if facts.installed is None or facts.installed.shim is None:
        return []
    before = facts.installed.shim.zone
    now = str(getattr(zone.load("", {}), "key", "") or "")
    if before and before != now and ("/" in now or now == "UTC"):
        return note(
            "zone",
            f"the alarms were set in {before}, and this computer is in {now} now",
            RUN_INSTALL,
            INSTALL_AGAIN,
        )
    return ok("zone", now or "the system's own time zone")


def other_homes(facts: Facts) -> list[Finding]:
    """Units of homes that are gone."""
    if facts.installed is None:
        return []
    others = sorted(
        {one.home for seen in facts.installed.known.values() for one in seen.found} - {facts.home.root}
    )
    found: list[Finding] = []
    for home in others:
        if not home:
            found += note(
                "other-homes",
                f"{_names(facts, home)} have the mark of Clodputer, but do not name their home",
                "Look at them.",
            )
        elif not exists(Home(home)):
            found += note(
                "other-homes",
                f"{_names(facts, home)} start tasks of {home}, which no longer holds a home",
                f"Remove them: CLODPUTER_HOME={home} clodputer uninstall",
            )
    return found or ok(
        "other-homes", f"{counted(len(others), 'other home')} of yours" if others else "no other home"
    )


def _names(facts: Facts, home: str) -> str:
    installed = facts.installed
    assert installed is not None  # noqa: S101 (asked before)
    return named(
        sorted(one.name for seen in installed.known.values() for one in seen.found if one.home == home)
    )
