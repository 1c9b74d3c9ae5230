"""What is installed for a home, asked of every scheduler of this system once, for all checks that look at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Optional

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.schedulers import installation, load, place, scheduled
from clodputer.schedulers import plan as plans
from clodputer.schedulers import shim as shims
from clodputer.schedulers.installation import Known
from clodputer.schedulers.shim import Shim
from clodputer.schedulers.unit import Change, FoundUnit, Frame, SchedulerProblem, Unit
from clodputer.store import settings
from clodputer.store.home import Home

# How long one call of a scheduler's tools may take; a doctor is not waited for as long as an installation.
SECONDS = 10.0


class Installed(NamedTuple):
    """What was seen.

    shim: what the shim knows; None without one. known: each scheduler of this system, with the units of all homes. names:
    those that have units of this home, the one that is compared first. frame: as it is installed, not as this terminal would
    have it. units: what the tasks want. mine: what the first scheduler has of this home. changes: from these to those.
    problems: what cannot be rendered. seen: what the schedulers' own modules see.
    """

    shim: Optional[Shim]
    known: Mapping[str, Known]
    names: tuple[str, ...]
    frame: Frame
    units: tuple[Unit, ...] = ()
    mine: tuple[FoundUnit, ...] = ()
    changes: tuple[Change, ...] = ()
    problems: tuple[SchedulerProblem, ...] = ()
    seen: tuple[SchedulerProblem, ...] = ()


def look(home: Home, environ: Mapping[str, str], platform: str) -> Installed:
    """Ask all of them. Raises ClodputerError, OSError."""
    shim = shims.read(installation.shim_path(home.root))
    if shim is not None:
        frame = scheduled.frame(home, _settings(home, environ), shim, SECONDS)
    else:
        frame = place.bare(home.root, environ)._replace(seconds=SECONDS, environment=dict(environ))
    schedulers = {name: load(name) for name in installation.candidates(platform)}
    known = installation.look(schedulers, frame, everywhere=True)
    names = tuple(name for name, seen in known.items() if any(one.home == home.root for one in seen.found))
    found = Installed(shim, known, names, frame)
    if not names:
        return found
    mine = tuple(one for one in known[names[0]].found if one.home == home.root)
    try:
        wanted = plans.wanted(home, frame.environment, listen=frame.listen)
        plan = installation.plan(names[0], schedulers[names[0]], frame, wanted, (), mine, {})
    except ClodputerError as error:
        return found._replace(mine=mine, problems=(SchedulerProblem(error.code, error.message, error.hint),))
    seen: list[SchedulerProblem] = []
    for name in names:
        of = [one for one in known[name].found if one.home == home.root]
        seen += schedulers[name].problems(frame, plan.units if name == names[0] else (), of)
    return found._replace(
        units=plan.units, mine=mine, changes=plan.changes, problems=plan.problems, seen=tuple(seen)
    )


def _settings(home: Home, environ: Mapping[str, str]) -> Settings:
    """The defaults while config.yaml is broken, which its own check reports."""
    try:
        return settings.load(home, environ)
    except ClodputerError:
        return Settings()
