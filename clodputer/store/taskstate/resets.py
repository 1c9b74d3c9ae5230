"""From when on a task's failures count: a person has reset it (`ledger/resets/TASK`), or has changed its file."""

from __future__ import annotations

import os

from clodputer.model.task import Task
from clodputer.store.home import Home


def moment(home: Home, task: str) -> float:
    """When the task was last reset, in epoch seconds: the time of change of that file; 0 for never."""
    return _changed(_path(home, task))


def counted_from(home: Home, task: Task) -> float:
    """Since when failures count, in epoch seconds: whoever changed the task's file may have put right what made it fail."""
    return max(moment(home, task.name), _changed(task.path))


def reset(home: Home, task: str, now: float) -> None:
    """From `now` (epoch seconds) on the task starts again. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    descriptor = os.open(_path(home, task), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    os.utime(_path(home, task), (now, now))


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _folder(home: Home) -> str:
    return f"{home.ledger}/resets"


def _path(home: Home, task: str) -> str:
    return f"{_folder(home)}/{task}"
