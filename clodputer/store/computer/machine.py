"""This machine: the names that it has, and whether a task runs on it."""

from __future__ import annotations

import os

from clodputer.model.config.settings import Settings
from clodputer.model.gates import machines
from clodputer.model.task import Task


def names(settings: Settings) -> frozenset[str]:
    """Its host name, whole and up to the first dot, and what config.yaml calls it."""
    return machines.names(os.uname().nodename, settings.machine)


def is_here(settings: Settings, task: Task) -> bool:
    """Whether a task runs on this machine."""
    return machines.fits(task.machines, names(settings))


def sentence(settings: Settings, task: Task) -> str:
    """Where a task runs, and which machine this is, without the full stop."""
    return machines.sentence(task.machines, names(settings))
