"""Schedulers whose alarms are only written down, for a person to hand over: the clock of a cluster, Slurm's or Kubernetes'."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.plan import Wanted
from clodputer.schedulers.unit import ADD, REMOVE, REPLACE, Alarm, Frame, SchedulerProblem, Unit
from clodputer.store.files import atomic

NAMES = ("slurm", "kubernetes")
MARK = "# Written by `clodputer install`, which writes it anew; what is changed by hand is lost."
KEPT = "keep"
# A larger file is not ours, in bytes.
_LARGEST = 1 << 20


class Given(NamedTuple):
    """What the command line says beside the tasks: the image of the pods, and the Secret whose keys are their variables."""

    image: str = ""
    secret: str = ""


class Renderer(Protocol):
    """What the module of each of them has. Both functions are pure, and raise ClodputerError for what cannot be written."""

    def render(self, frame: Frame, alarm: Alarm, given: Given) -> Unit:
        """What serves this alarm; without files when another one serves it as well."""

    def files(self, frame: Frame, units: Sequence[Unit], given: Given) -> Mapping[str, str]:
        """All files by their names, with the mark in their first lines."""


def load(name: str) -> Renderer:
    """The module of one of `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    return cast(Renderer, import_module(f"{__name__}.{name}"))


def rendered(
    name: str, frame: Frame, wanted: Wanted, given: Given
) -> tuple[Mapping[str, str], tuple[SchedulerProblem, ...]]:
    """The files for what a home wants, and what is wrong with the rest."""
    renderer, units, problems = load(name), [], list(wanted.problems)
    for alarm in wanted.alarms:
        try:
            units.append(renderer.render(frame, alarm, given))
        except ClodputerError as error:
            problems.append(SchedulerProblem(error.code, error.message, error.hint, alarm.task or alarm.kind))
    return renderer.files(frame, units, given), tuple(problems)


def compare(out: str, files: Mapping[str, str]) -> dict[str, str]:
    """What is to be done with each file of a folder: ADD, REPLACE, KEPT, or REMOVE for one of ours that is not wanted any more.

    Raises ClodputerError when somebody else's file has the place of one, OSError.
    """
    there = {name: _read(f"{out}/{name}") for name in (os.listdir(out) if os.path.isdir(out) else ())}
    steps = {}
    for name, text in files.items():
        if name not in there:
            steps[name] = ADD
        elif not there[name].startswith(MARK):
            raise ClodputerError(
                "out_foreign",
                f"{out}/{name} exists already, and was not written by Clodputer",
                "Move it away, or name another folder.",
            )
        else:
            steps[name] = KEPT if there[name] == text else REPLACE
    steps.update(
        {name: REMOVE for name, text in there.items() if name not in files and text.startswith(MARK)}
    )
    return steps


def write(out: str, files: Mapping[str, str], steps: Mapping[str, str]) -> None:
    """Do it; may be repeated after a crash. Raises OSError."""
    os.makedirs(out, exist_ok=True)
    for name, step in steps.items():
        if step == REMOVE:
            os.unlink(f"{out}/{name}")
        elif step != KEPT:
            atomic.write(f"{out}/{name}", files[name].encode(), mode=0o644)


def _read(path: str) -> str:
    if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
