"""When a person last reset a task, and forgot what had failed before: the time of change of `ledger/resets/TASK`."""

from __future__ import annotations

import os

from clodputer.store.home import Home


def moment(home: Home, task: str) -> float:
    """The moment in epoch seconds; 0 when it was never reset."""
    try:
        return os.stat(_path(home, task)).st_mtime
    except OSError:
        return 0.0


def reset(home: Home, task: str, now: float) -> None:
    """From `now` (epoch seconds) on the task begins anew. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    descriptor = os.open(_path(home, task), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    os.utime(_path(home, task), (now, now))


def _folder(home: Home) -> str:
    return f"{home.ledger}/resets"


def _path(home: Home, task: str) -> str:
    return f"{_folder(home)}/{task}"
