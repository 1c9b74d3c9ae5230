"""The probe: what an alarm finds around it, looked at by the very process that the scheduler has started."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Mapping
from json import dumps
from resource import RLIMIT_NOFILE, getrlimit
from tempfile import TemporaryFile
from time import time
from typing import Any

from clodputer import __version__
from clodputer.store.files import atomic
from clodputer.store.processes import tied
from clodputer.views import doctor
from clodputer.views.tasks import trying
from clodputer.views.tasks.realturn import turn

# Beside the file that is wanted: one start is enough, however often cron comes.
BEGUN = ".begun"
# What may be another thing in the night than in a terminal.
INSIDE = ("tmpdir", "home", "home-place", "disk", "log", "secrets", "config", "folders", "exec", "claude")
# Told as a whole; of all others only the names, as any of them may be a secret.
PLAIN = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "CLODPUTER_HOME",
    "XPC_SERVICE_NAME",
    "INVOCATION_ID",
)


def answer(path: str, environ: Mapping[str, str], real: float, task: str = "") -> None:
    """Look around and write what is seen to `path`, once. real: seconds for a real run of claude; 0 for none.

    task: one to try instead.

    Raises OSError; when nobody waits any more, as the folder of `path` is gone, nothing is done.
    """
    try:
        os.close(os.open(path + BEGUN, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except (FileExistsError, FileNotFoundError):
        return
    if task:
        # Of a trial that an exec makes before a run, nothing is to go on when that exec is killed.
        tied.end_with_parent()
    seen = trying.turn(environ, task) if task else look(environ)
    if real:
        seen["real"] = turn(environ, real)
    atomic.write(path, dumps(seen).encode() + b"\n")


def look(environ: Mapping[str, str]) -> dict[str, Any]:
    """What is seen from here, without starting anything but `claude --version`."""
    umask = os.umask(0o077)
    os.umask(umask)
    found = doctor.examine(environ, time(), INSIDE)
    return {
        "version": __version__,
        "python": sys.executable,
        "pid": os.getpid(),
        "user": os.getuid(),
        "names": sorted(environ),
        "environment": {name: environ[name] for name in PLAIN if name in environ},
        "cwd": _or_else(os.getcwd, ""),
        "umask": umask,
        "open_files": _open_files(),
        "stdin_tty": _or_else(lambda: os.isatty(0), False),
        "terminal": _terminal(),
        "locks": _locked(environ),
        "findings": [[finding.check, finding.level, finding.message, finding.remedy] for finding in found],
        "real": None,
    }


def _terminal() -> bool:
    """Whether a person could be asked here."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _open_files() -> int:
    """How many files a process here may have open at once."""
    return int(getrlimit(RLIMIT_NOFILE)[0])


def _locked(environ: Mapping[str, str]) -> bool:
    """Whether a lock can be had on a file of our own in TMPDIR, as claude wants it there."""
    try:
        with TemporaryFile(dir=environ.get("TMPDIR") or None) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _or_else(ask: Any, otherwise: Any) -> Any:
    try:
        return ask()
    except OSError:
        return otherwise
