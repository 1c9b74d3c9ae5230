"""What must start an exec for a task, worked out once for all schedulers; each of them renders it in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from clodputer import triggers
from clodputer.model.gates import machines
from clodputer.model.schedules.policy import policy
from clodputer.model.schedules.ring import NOTHING, Ring, Watch, later, together
from clodputer.model.task import Task
from clodputer.store import secrets
from clodputer.triggers.file_watch.path import filled_in


class Wanted(NamedTuple):
    """A task's ring, and in words what it is for. The ring is empty when nothing needs an alarm of its own.

    secret: watched folders that are left to the sweep, since their paths hold a value of secrets.env, which may not are in
    a scheduler's files; hidden as masks hide them.
    """

    ring: Ring = NOTHING
    words: str = ""
    secret: tuple[str, ...] = ()


def wanted(task: Task, environ: Mapping[str, str], known: Mapping[str, str], names: frozenset[str]) -> Wanted:
    """What must start an exec for a task, with the templates in its paths filled in; `known`: what secrets.env holds.

    names: of this machine; a task of others wants nothing here.


    Raises ClodputerError when the path of a watched folder cannot be filled in.
    """
    if not task.enabled or not machines.fits(task.machines, names):
        return Wanted()
    hide = secrets.masker_for(known, {})
    rings, secret = [], []
    waiting = [trigger for trigger in task.triggers if triggers.needs_alarm(trigger)]
    for trigger in waiting:
        found = triggers.load(trigger.type).alarm(trigger)
        paths = [(filled_in(task, watch.path, environ, known), watch.deep) for watch in found.watches]
        watches = tuple(Watch(path, deep) for path, deep in paths if hide.text(path) == path)
        secret += [hide.text(path) for path, _ in paths if hide.text(path) != path]
        rings.append(later(found, policy(trigger, task.name).jitter)._replace(watches=watches))
    return Wanted(together(tuple(rings)), hide.text(triggers.words(waiting)), tuple(secret))
