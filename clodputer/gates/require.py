"""The gate of `require`: a request waits until the machine is as its task, or config.yaml for all tasks, wants it."""

from __future__ import annotations

import os

from clodputer.model.config.keys import Key
from clodputer.model.gates import require
from clodputer.model.gates.require import Readings, Require
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.computer import available
from clodputer.store.context import Context
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = require.KEYS

# What the machine is like changes by the minute, so it is looked at again after so many seconds.
LOOK_AGAIN = 60.0


def check(task: Task, _request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says. Only what is asked for is read."""
    wanted = require.both(task.require, context.settings.require, task.agent)
    folders = [context.home.root, os.path.expanduser(task.working_directory or "~")]
    missing = require.lacking(wanted, _readings(wanted, folders, now))
    return GO if missing is None else Wait(now + LOOK_AGAIN, missing.reason, missing.message)


def check_memory(task: Task, context: Context, now: float) -> Verdict:
    """Whether memory is left at the moment when the run is to begin: the one before it may have taken what there was."""
    wanted = require.both(task.require, context.settings.require, task.agent)
    missing = require.lacking_memory(wanted, Readings(memory_free=_memory(wanted)))
    return GO if missing is None else Wait(now + LOOK_AGAIN, missing.reason, missing.message)


def _memory(wanted: Require) -> int | None:
    return available.memory() if wanted.memory_free else None


def _readings(wanted: Require, folders: list[str], now: float) -> Readings:
    found = Readings(
        disk_free=_free(folders) if wanted.disk_free is not None else None, memory_free=_memory(wanted)
    )
    if wanted._replace(disk_free=None, memory_free=None) == Require():
        return found
    # Only here, for it imports psutil, which most tasks have no need of.
    from clodputer.store.computer import host

    return found._replace(
        cpu=host.cpu_percent() if wanted.cpu_below is not None else None,
        memory=host.memory_percent() if wanted.memory_below is not None else None,
        plugged=host.plugged() if wanted.power else None,
        network=host.network() if wanted.network else None,
        idle=host.idle(now) if wanted.idle_for is not None else None,
    )


def _free(folders: list[str]) -> int | None:
    """The bytes that this account can still write, on the fullest of the file systems of these folders."""
    found = []
    for folder in folders:
        try:
            status = os.statvfs(folder)
        except OSError:
            continue  # a folder that is not there is another gate's or the run's own matter
        found.append(status.f_bavail * status.f_frsize)
    return min(found, default=None)
