"""The removal: everything that an installation has made, found by its marks, in whichever scheduler it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from shutil import rmtree
from typing import Callable, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import Scheduler, choice, place, shim
from clodputer.schedulers.installation import removals
from clodputer.schedulers.systemd import found as systemd_found
from clodputer.schedulers.unit import Change, Found, Frame, Trouble
from clodputer.store import home as homes

# Errors with which a scheduler says that something of ours is there, though not what.
OURS_FOR_SURE = (systemd_found.UNASKED, "crontab_marks")


class Left(NamedTuple):
    """What schedulers still have, each by the scheduler's name.

    own: units of this home. lost: units of homes that no longer exist. troubles: schedulers that could not be asked.
    """

    own: Mapping[str, tuple[Found, ...]]
    lost: Mapping[str, tuple[Found, ...]]
    troubles: tuple[Trouble, ...]


def look(schedulers: Mapping[str, Scheduler], frame: Frame) -> Left:
    """What is left to remove; changes nothing."""
    own: dict[str, tuple[Found, ...]] = {}
    lost: dict[str, tuple[Found, ...]] = {}
    troubles = []
    for name, seen in choice.look(schedulers, frame, everywhere=True).items():
        if seen.unknown:
            # One that is not in use here mostly has nothing, and nobody can act on it; but some say that they have.
            told = f"it cannot be told what {name} has: {seen.unknown}"
            fatal = seen.answer.usable or seen.code in OURS_FOR_SURE
            troubles.append(Trouble("scheduler_unknown", told, seen.answer.hint, fatal=fatal))
        mine = tuple(one for one in seen.found if one.home == frame.home)
        gone = tuple(one for one in seen.found if one.home not in ("", frame.home) and is_gone(one.home))
        own.update({name: mine} if mine else {})
        lost.update({name: gone} if gone else {})
    return Left(own, lost, tuple(troubles))


def is_gone(home: str) -> bool:
    """Whether there is no home there any more. A folder that we may not look into is not gone."""
    if homes.exists(homes.Home(home)):
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
    told: Callable[[Change], None],
) -> tuple[Trouble, ...]:
    """Remove the units of this home, with `everywhere` those of homes that are gone too, and last the shim.

    What could not be removed is returned; the shim then stays, as it is still called. May be repeated. Raises OSError.
    """
    troubles: list[Trouble] = []
    for name, found in left.own.items():
        troubles += apply(schedulers[name], frame, found, told)
    if everywhere:
        for name, found in left.lost.items():
            for home in sorted({one.home for one in found}):
                theirs = [one for one in found if one.home == home]
                at = place.bare(home, {"HOME": frame.account})
                troubles += apply(schedulers[name], at, theirs, told)
    if not any(trouble.fatal for trouble in (*troubles, *left.troubles)):
        shim.remove(frame.shim)
    return tuple(troubles)


def apply(
    scheduler: Scheduler, frame: Frame, found: Sequence[Found], told: Callable[[Change], None]
) -> list[Trouble]:
    """Remove these units; a scheduler that fails as a whole is a trouble like any other."""
    missing = _missing(frame.home)
    try:
        return list(scheduler.apply(frame, removals(found), told))
    except ClodputerError as error:
        return [Trouble(error.code, error.message, error.hint)]
    finally:
        if missing:
            # What a scheduler's module keeps in the home (the crontab as it was) must not bring a removed one back.
            rmtree(missing, ignore_errors=True)


def _missing(path: str) -> str:
    """The uppermost folder of a path that is not there; nothing when all are."""
    top = ""
    while not os.path.lexists(path):
        top, path = path, os.path.dirname(path)
    return top
