"""Reports of faults of Clodputer, in `bug-reports/`: one for each cause and version, and never more than a few dozen."""

from __future__ import annotations

import os
from typing import NamedTuple

from clodputer.store.files.doing import doing
from clodputer.store.folder import entries
from clodputer.store.home import Home

# A fault that comes with every alarm would fill the disk with copies of one report.
MOST = 30


class Crash(NamedTuple):
    """A report: where it is, and when its fault was last met, in epoch seconds."""

    path: str
    at: float


def latest(home: Home, since: float = 0.0) -> list[Crash]:
    """The reports of faults that were met from `since` (epoch seconds) on, the latest first. Raises OSError."""
    found = []
    for name in entries(_folder(home)):
        path = f"{_folder(home)}/{name}"
        try:
            at = os.lstat(path).st_mtime
        except FileNotFoundError:
            continue
        if at >= since:
            found.append(Crash(path, at))
    return sorted(found, key=lambda crash: crash.at, reverse=True)


def write(home: Home, cause: str, text: str, now: float) -> str:
    """Keep the report of a cause, in place of the last one of the same cause; where it is.

    cause: a file name that is the same whenever the same fault is met in the same version. Raises OSError.
    """
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    path = f"{_folder(home)}/{cause}.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with (
        doing("writing a bug report", path),
        os.fdopen(descriptor, "w", errors="backslashreplace", encoding="utf-8") as file,
    ):
        file.write(text)
    os.utime(path, (now, now))
    for crash in latest(home)[MOST:]:
        os.unlink(crash.path)
    return path


def _folder(home: Home) -> str:
    return f"{home.root}/bug-reports"
