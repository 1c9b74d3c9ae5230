"""The installation: which scheduler is used, what a home wants of it, compared with what is there, and brought about."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import Scheduler, shim
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.unit import (
    SPOOL,
    SWEEP,
    TASK,
    WEBHOOKS,
    Answer,
    Change,
    FoundUnit,
    Frame,
    SchedulerProblem,
    Unit,
    changes,
)

AUTO = "auto"


class Known(NamedTuple):
    """What was seen of one scheduler. unknown: why it is not known what it has, or ""; code: of that error."""

    answer: Answer
    found: tuple[FoundUnit, ...] = ()
    unknown: str = ""
    code: str = ""


class Plan(NamedTuple):
    """What an installation would do.

    units: all that are wanted and can be written. found: what this scheduler has of this home. changes: from these to those.
    elsewhere: units of this home that other schedulers have, which are one too many. problems: what cannot be installed.
    """

    scheduler: str
    frame: Frame
    units: tuple[Unit, ...]
    found: tuple[FoundUnit, ...]
    changes: tuple[Change, ...]
    elsewhere: Mapping[str, tuple[FoundUnit, ...]]
    problems: tuple[SchedulerProblem, ...]


def candidates(platform: str, asked: str = AUTO) -> tuple[str, ...]:
    """The schedulers that this system may have, the best first, and the one that is asked for. Pure."""
    fit = ("launchd", "cron") if platform == "darwin" else ("systemd", "cron")
    return fit if asked in (AUTO, *fit) else (asked, *fit)


def look(schedulers: Mapping[str, Scheduler], frame: Frame, everywhere: bool = False) -> dict[str, Known]:
    """What each of them says, and which of our units it has. A scheduler that cannot be asked does not stop the others."""
    known = {}
    for name, scheduler in schedulers.items():
        answer = scheduler.answers(frame)
        try:
            known[name] = Known(answer, tuple(scheduler.inspect(frame, everywhere)))
        except ClodputerError as error:
            known[name] = Known(answer, (), error.message, error.code)
    return known


def choose(asked: str, platform: str, known: Mapping[str, Known]) -> str:
    """The scheduler to install with. Pure. Raises ClodputerError when none can be used, saying why of each."""
    if asked != AUTO:
        answer = known[asked].answer
        if not answer.usable:
            raise ClodputerError(
                "scheduler_unusable", f"{asked} cannot be used: {answer.message}", answer.hint
            )
        return asked
    usable = [name for name, seen in known.items() if seen.answer.usable and name in _automatic(platform)]
    # What was chosen once is kept: no file says so, what is installed does.
    kept = [name for name, seen in known.items() if seen.found and seen.answer.usable]
    if len(kept) == 1:
        return kept[0]
    away = [name for name, seen in known.items() if seen.found and not seen.answer.usable]
    if away and not kept:
        # The kind of shell that `install` is called from is no reason to change the scheduler.
        answer = known[away[0]].answer
        others = "".join(f"\nTo use {name} instead: clodputer install --scheduler {name}" for name in usable)
        raise ClodputerError(
            "scheduler_away",
            f"{away[0]} has the alarms of this home, and cannot be reached: {answer.message}",
            f"{answer.hint}{others}".strip(),
        )
    if usable:
        return usable[0]
    whys = [f"{name}: {known[name].answer.message}" for name in _automatic(platform) if name in known]
    hints = [known[name].answer.hint for name in _automatic(platform) if name in known]
    raise ClodputerError(
        "no_scheduler",
        "\n".join(["no scheduler of this system can be used", *whys]),
        "\n".join(hint for hint in hints if hint) or "Without one, drops are run by: clodputer exec",
    )


def _automatic(platform: str) -> Sequence[str]:
    # macOS has a cron too, which may not read most of a person's folders and asks for nothing.
    return ("launchd",) if platform == "darwin" else ("systemd", "cron")


def plan(
    name: str,
    scheduler: Scheduler,
    frame: Frame,
    wanted: Wanted,
    only: Collection[str],
    found: tuple[FoundUnit, ...],
    elsewhere: Mapping[str, tuple[FoundUnit, ...]],
) -> Plan:
    """Compare what is wanted with what was found of this home; changes nothing. `only`: leave all other tasks as they are."""
    units, problems = rendered(scheduler, frame, wanted)
    mine = concerned(found, units, wanted, only)
    return Plan(name, frame, units, found, tuple(changes(list(units), mine)), elsewhere, problems)


def rendered(
    scheduler: Scheduler, frame: Frame, wanted: Wanted
) -> tuple[tuple[Unit, ...], tuple[SchedulerProblem, ...]]:
    """The units that can be written, and what is wrong with the others."""
    units, problems = [], list(wanted.problems)
    for alarm in wanted.alarms:
        try:
            units.append(scheduler.render(frame, alarm))
        except ClodputerError as error:
            problems.append(SchedulerProblem(error.code, error.message, error.hint, alarm.task or alarm.kind))
    twice = {name for name, number in Counter(unit.name for unit in units).items() if number > 1}
    for name in sorted(twice):
        tasks = " and ".join(unit.task for unit in units if unit.name == name)
        problems.append(
            SchedulerProblem(
                "unit_twice", f"{tasks} would share the unit {name}", "Rename one of them.", name
            )
        )
    return tuple(unit for unit in units if unit.name not in twice), tuple(problems)


def concerned(
    found: Sequence[FoundUnit], units: Sequence[Unit], wanted: Wanted, only: Collection[str]
) -> list[FoundUnit]:
    """Those of the found units that this installation may change or remove. Pure.

    The unit of a task whose file is broken just now stays: a slip in it must not stop the task for good. So does that of an
    alarm that could not be rendered. A broken file keeps no unit of another task, unless it hides even its own task's name.
    """
    names = {unit.name for unit in units}
    rendered = {(unit.kind, unit.task) for unit in units}
    asked = {(alarm.kind, alarm.task) for alarm in wanted.alarms}
    mine = []
    for one in found:
        alarm = (one.kind, one.task)
        if one.name not in names:
            if one.kind == TASK and (one.task in wanted.kept or (only and one.task not in only)):
                continue
            if one.kind == TASK and wanted.hidden and one.task not in wanted.silent:
                continue
            if alarm in asked and alarm not in rendered:
                continue
        mine.append(one)
    return mine


def perform(
    made: Plan,
    schedulers: Mapping[str, Scheduler],
    wanted_shim: str,
    done: Callable[[Change], None],
    tried: Callable[[str], None],
) -> tuple[SchedulerProblem, ...]:
    """Bring about what was planned, and return what did not work; may be repeated after a crash.

    `tried` starts a new shim once, before anything relies on it. Another scheduler is left only when this one has it all:
    two do no harm, and none would. Raises ClodputerError, OSError.
    """
    write_shim(made.frame.shim, wanted_shim, tried)
    scheduler = schedulers[made.scheduler]
    problems = []
    if made.changes:
        problems += scheduler.apply(made.frame, made.changes, done)
        # What became due or was dropped meanwhile would wait for the sweep.
        scheduler.start(made.frame)
    if any(problem.fatal for problem in problems):
        return tuple(problems)
    for name, found in made.elsewhere.items():
        problems += schedulers[name].apply(made.frame, removals(found), done)
    return tuple(problems)


def write_shim(path: str, wanted: str, tried: Callable[[str], None]) -> None:
    """Put the shim in its place if it is not there already. When the new one does not work, the old one comes back."""
    if shim.current(path, wanted):
        return
    before: Optional[str] = None
    if shim.ours(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            before = file.read()
    shim.write(path, wanted)
    try:
        tried(path)
    except ClodputerError:
        if before is None:
            shim.remove(path)
        else:
            shim.restore(path, before)
        raise


def removals(found: Sequence[FoundUnit]) -> list[Change]:
    """Take all of these away: the tasks first, so that what serves them is there to the last."""
    order = {WEBHOOKS: 0, TASK: 1, SPOOL: 2, SWEEP: 3}
    return changes([], sorted(found, key=lambda one: (order.get(one.kind, 4), one.name)))


def shim_path(home: str) -> str:
    """Where the shim of a home is."""
    return os.path.join(home, "bin", "clodputer")
