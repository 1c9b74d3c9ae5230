"""Stagger: agents that run side by side are started some seconds apart, as each is busiest in its first ones."""

from __future__ import annotations

import os
from time import time

from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.spool import slot as slots


def left(context: Context, task: Task, now: float) -> float:
    """So many seconds a run is to wait because another one has just been started and goes on. Raises OSError."""
    if not task.prompted or not context.settings.stagger:
        return 0.0
    try:
        last = os.stat(_path(context)).st_mtime
    except FileNotFoundError:
        return 0.0
    pause = last + context.settings.stagger - now
    # More than the whole: the clock was put back.
    if not 0 < pause <= context.settings.stagger:
        return 0.0
    return pause if slots.at_work(context.home) else 0.0


def note(context: Context, task: Task) -> None:
    """Note that a run is started now. Raises OSError."""
    if task.prompted and context.settings.stagger:
        os.close(os.open(_path(context), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        now = time()
        os.utime(_path(context), (now, now))


def _path(context: Context) -> str:
    return f"{context.home.ledger}/last-start"
