"""What is installed: the alarms that are wanted, the units that ring them, what is found of these, and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Optional

from clodputer.model.task import Trigger

# An alarm is for one task's own triggers, for drops in the spool, or for the sweep: a plain `exec` now and then, which
# serves all that the scheduler cannot express or has missed.
TASK, SPOOL, SWEEP = "task", "spool", "sweep"

ADD, REPLACE, RELOAD, REMOVE = "add", "replace", "reload", "remove"


class Frame(NamedTuple):
    """What all units of one installation share; frozen when they are installed.

    home: CLODPUTER_HOME, absolute. account: the person's own home folder. shim: what units call, `<home>/bin/clodputer`.
    environment: PATH, HOME, USER, LOGNAME, SHELL, LANG, CLODPUTER_HOME; nothing secret. sweep: seconds.
    templates: folders in which a unit's template is looked for, in this order. zone: the system's time zone by name, or "".
    seconds: how long any one call of the scheduler's own tools may take.
    """

    home: str
    account: str
    shim: str
    environment: Mapping[str, str]
    sweep: int
    templates: tuple[str, ...]
    zone: str = ""
    seconds: float = 30.0


class Alarm(NamedTuple):
    """When `exec` is to be started, and for what. kind: TASK, SPOOL or SWEEP.

    triggers: of an enabled task, those that ring by themselves. paths: the folder of each file_watch trigger, in order, all
    absolute, with `~` and `{{ env.X }}` filled in. timeout: how long one exec may take, seconds; 0 when there is no limit.
    """

    kind: str
    task: str = ""
    triggers: tuple[Trigger, ...] = ()
    paths: tuple[str, ...] = ()
    timeout: float = 0.0


class Unit(NamedTuple):
    """One alarm as its scheduler wants it written. name: unique to the scheduler (label, stem of unit files, key of lines).

    files: path -> text. Of cron, which has one table for all, the path is the name and the text its lines.
    """

    name: str
    kind: str
    task: str
    files: Mapping[str, str]


class Found(NamedTuple):
    """One unit of ours as it was found. home: whose it is, "" when it cannot be told.

    files: path -> text as it is on disk (or in the table). loaded: the scheduler has it; current: what it has is
    what is on disk, None when it cannot be told. state: the scheduler's own words, for a person. failed: why it last failed,
    or "". next: when it rings next, epoch seconds, if the scheduler says so.
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
    found: Optional[Found] = None


class Answer(NamedTuple):
    """Whether a scheduler can be used. message: why not, or what it is; hint: what to do. notes: usable, but;
    of one that is not, what to know when another one is taken in its place.
    """

    usable: bool
    message: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


class Trouble(NamedTuple):
    """Something wrong, for install's errors and doctor's list. unit: its name, or "" for the scheduler as a whole.

    fatal: what was asked for does not work; else it is worth knowing. fix: argument list that fixes it, or empty.
    """

    code: str
    message: str
    hint: str = ""
    unit: str = ""
    fatal: bool = True
    fix: tuple[str, ...] = ()


def changes(wanted: list[Unit], found: list[Found]) -> list[Change]:
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
