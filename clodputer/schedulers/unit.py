"""The values all schedulers share: alarms that are wanted, units that serve them, units that were found, and the changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple, Optional

from clodputer.model.schedules.ring import NOTHING, Ring
from clodputer.model.task import Trigger

# An alarm is for one task's own triggers, for drops in the spool, or for the sweep: a plain `exec` now and then, which
# serves whatever the scheduler cannot express or has missed. Or it is for webhooks: `receive` for each connection.
TASK, SPOOL, SWEEP, WEBHOOKS = "task", "spool", "sweep", "webhooks"

ADD, REPLACE, RELOAD, REMOVE = "add", "replace", "reload", "remove"

_LONGEST_SLUG = 48


class Frame(NamedTuple):
    """What all units of one installation share; frozen when they are installed.

    home: CLODPUTER_HOME, absolute. account: the person's own home folder. shim: what units start, `<home>/bin/clodputer`.
    environment: PATH, HOME, USER, LOGNAME, SHELL, LANG, CLODPUTER_HOME; nothing secret. sweep: seconds.
    zone: the system's time zone by name, or "". seconds: how long any one call of the scheduler's own programs may take.
    listen: host and port for webhooks; None when there are none.
    """

    home: str
    account: str
    shim: str
    environment: Mapping[str, str]
    sweep: int
    zone: str = ""
    seconds: float = 30.0
    listen: Optional[tuple[str, int]] = None


class Alarm(NamedTuple):
    """When `exec` is to be started, and for what. kind: TASK, SPOOL, SWEEP, or WEBHOOKS, for which `receive` is started.

    ring: of an enabled task, what must start it. words: the same for people. triggers: those that it is for. timeout: how
    long one exec may take, seconds; 0 when there is no limit. listen: of WEBHOOKS, host and port.
    """

    kind: str
    task: str = ""
    ring: Ring = NOTHING
    words: str = ""
    triggers: tuple[Trigger, ...] = ()
    timeout: float = 0.0
    listen: Optional[tuple[str, int]] = None

    def arguments(self) -> tuple[str, ...]:
        """What the shim is started with."""
        if self.kind == WEBHOOKS:
            return ("receive",)
        return ("exec", "--task", self.task) if self.kind == TASK else ("exec",)


class Unit(NamedTuple):
    """One alarm as its scheduler wants it written. name: unique to the scheduler (label, stem of unit files, key of lines).

    files: path -> text. Of cron, which has one table for all, the path is the name and the text its lines.
    """

    name: str
    kind: str
    task: str
    files: Mapping[str, str]


class FoundUnit(NamedTuple):
    """One unit of ours as it was found. home: whose it is, "" when that is not known.

    files: path -> text as it is on disk (or in the table). loaded: the scheduler has it; current: what it has is
    what is on disk, None when that is not known. state: the scheduler's own words, for a person. failed: why it last failed,
    or "". next: when it is started next, epoch seconds, if the scheduler says so.
    """

    name: str
    home: str
    kind: str
    task: str
    files: Mapping[str, str]
    loaded: bool
    current: Optional[bool] = None
    state: str = ""
    failed: str = ""
    next: Optional[float] = None


class Change(NamedTuple):
    """One step of an installation. verb: ADD, REPLACE, RELOAD (the files are right, the scheduler is not), REMOVE.

    unit: what is wanted; None for REMOVE. found: what is there; None for ADD.
    """

    verb: str
    name: str
    unit: Optional[Unit] = None
    found: Optional[FoundUnit] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        unit = self.unit or self.found
        return {
            "verb": self.verb,
            "name": self.name,
            "kind": unit.kind if unit else None,
            "task": (unit.task if unit else "") or None,
        }


class Answer(NamedTuple):
    """Whether a scheduler can be used. message: why not, or what it is; hint: what to do.

    notes: of a scheduler that can be used, what limits it; of one that cannot, what to know when another is taken instead.
    """

    usable: bool
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


class SchedulerProblem(NamedTuple):
    """Something wrong with a scheduler or a unit, for `install` and `doctor`. unit: its name, or "" for the whole scheduler.

    fatal: what was asked for does not work; else it is worth knowing. fix: argument list that repairs it, or empty.
    """

    code: str
    message: str
    hint: str = ""
    unit: str = ""
    fatal: bool = True
    fix: tuple[str, ...] = ()


def changes(wanted: list[Unit], found: list[FoundUnit]) -> list[Change]:
    """What makes `found` into `wanted`; units that are right are not named. Pure.

    `found` are those of this home and of this scheduler only: what is found and not wanted is removed.
    """
    there = {one.name: one for one in found}
    steps = []
    for unit in wanted:
        one = there.pop(unit.name, None)
        if one is None:
            steps.append(Change(ADD, unit.name, unit))
        elif dict(one.files) != dict(unit.files):
            steps.append(Change(REPLACE, unit.name, unit, one))
        elif not one.loaded or one.current is False:
            steps.append(Change(RELOAD, unit.name, unit, one))
    return [Change(REMOVE, one.name, None, one) for one in there.values()] + steps


def unit_stem(home: str, account: str, kind: str, task: str = "", separator: str = "-") -> str:
    """A unit's name without prefix and suffix: `task-nightly`, `spool`, or `1f3a9c-task-nightly` of another home.

    Every scheduler accepts it; it is unique for each task of each home, and the same every time.
    """
    parts = (home_tag(home, account), kind, _slug(task) if task else "")
    return separator.join(part for part in parts if part)


def home_tag(home: str, account: str) -> str:
    """What sets the units of this home apart from those of other homes: nothing for `~/.clodputer`."""
    return "" if home == f"{account.rstrip('/')}/.clodputer" else _digest(home)


def _slug(task: str) -> str:
    """A task's name in `a-z0-9-`; with a few letters of its hash when that alone could be another task's too."""
    plain = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    return plain if plain == task else f"{plain or 'task'}-{_digest(task)}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:6]
