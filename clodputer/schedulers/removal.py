"""The removal: everything that an installation has made, found by its marks, in whichever scheduler it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from shutil import rmtree
from typing import Callable, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import Scheduler, installation, place, shim
from clodputer.schedulers.installation import removals
from clodputer.schedulers.systemd.inspect import UNASKED
from clodputer.schedulers.unit import Change, FoundUnit, Frame, SchedulerProblem
from clodputer.store.home import Home, exists

# Errors with which a scheduler says that something of ours is there, though not what.
OURS_FOR_SURE = (UNASKED, "crontab_marks")
# Units that may still start the shim stay, in a scheduler that is to be left alone.
OTHER = "other_scheduler"


class Left(NamedTuple):
    """What schedulers still have, each by the scheduler's name.

    own: units of this home. lost: units of homes that no longer exist. problems: schedulers that could not be asked.
    """

    own: Mapping[str, tuple[FoundUnit, ...]]
    lost: Mapping[str, tuple[FoundUnit, ...]]
    problems: tuple[SchedulerProblem, ...]


def look(schedulers: Mapping[str, Scheduler], frame: Frame, only: str = "") -> Left:
    """What is left to remove, in all of these; changes nothing. only: the scheduler that is meant, if not all of them."""
    own: dict[str, tuple[FoundUnit, ...]] = {}
    lost: dict[str, tuple[FoundUnit, ...]] = {}
    problems = []
    for name, seen in installation.look(schedulers, frame, everywhere=True).items():
        if seen.unknown:
            # One that is not in use here mostly has nothing, and nobody can act on it; but some say that they have.
            message = f"what {name} has could not be found out: {seen.unknown}"
            fatal = seen.answer.usable or seen.code in OURS_FOR_SURE
            one = SchedulerProblem("scheduler_unknown", message, seen.answer.hint, fatal=fatal)
            problems.append(
                one._replace(code=OTHER, fatal=False) if fatal and only not in ("", name) else one
            )
        mine = tuple(one for one in seen.found if one.home == frame.home)
        gone = tuple(one for one in seen.found if one.home not in ("", frame.home) and is_gone(one.home))
        if mine and only not in ("", name):
            message = f"{name} still starts tasks of this home, with bin/clodputer, which therefore stays"
            hint = f"To remove that as well: clodputer uninstall --scheduler {name}"
            problems.append(SchedulerProblem(OTHER, message, hint, fatal=False))
        own.update({name: mine} if mine else {})
        lost.update({name: gone} if gone else {})
    return Left(own, lost, tuple(problems))


def is_gone(home: str) -> bool:
    """Whether there is no home there any more. A folder that we may not look into is not gone."""
    if exists(Home(home)):
        return False
    try:
        os.stat(f"{home}/spool/new")
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def perform(
    schedulers: Mapping[str, Scheduler],
    frame: Frame,
    left: Left,
    everywhere: bool,
    done: Callable[[Change], None],
    only: str = "",
) -> tuple[SchedulerProblem, ...]:
    """Remove the units of this home, with `everywhere` those of homes that are gone too, and last the shim.

    only: leave all schedulers but this one alone. What could not be removed is returned. The shim stays as long as any unit
    may still start it. May be repeated. Raises OSError.
    """
    problems: list[SchedulerProblem] = []
    for name, found in left.own.items():
        if only not in ("", name):
            continue
        problems += apply(schedulers[name], frame, found, done)
    if everywhere:
        for name, found in left.lost.items():
            if only not in ("", name):
                continue
            for home in sorted({one.home for one in found}):
                theirs = [one for one in found if one.home == home]
                at = place.bare(home, {"HOME": frame.account})
                problems += apply(schedulers[name], at, theirs, done)
    if not any(problem.fatal or problem.code == OTHER for problem in (*problems, *left.problems)):
        shim.remove(frame.shim)
    return tuple(problems)


def apply(
    scheduler: Scheduler, frame: Frame, found: Sequence[FoundUnit], done: Callable[[Change], None]
) -> list[SchedulerProblem]:
    """Remove these units; a scheduler that fails as a whole is a problem like any other."""
    missing = _missing(frame.home)
    try:
        return list(scheduler.apply(frame, removals(found), done))
    except ClodputerError as error:
        return [SchedulerProblem(error.code, error.message, error.hint)]
    finally:
        if missing:
            # What a scheduler's module keeps in the home (the crontab as it was) must not bring a removed one back.
            rmtree(missing, ignore_errors=True)


def _missing(path: str) -> str:
    """The topmost folder of a path that does not exist; nothing when all of them exist."""
    top = ""
    while not os.path.lexists(path):
        top, path = path, os.path.dirname(path)
    return top
