"""The safe remedies of `doctor --fix`, done one by one; none of them can lose a request."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Mapping
from subprocess import DEVNULL, Popen, TimeoutExpired
from time import time

from clodputer.schedulers import installation, load, shim
from clodputer.schedulers.installation import shim_path
from clodputer.store import homes
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.views.doctor.fix import CHMOD, CLEAR, EXEC, INSTALL, MAKE, UNLINK, Fix

DAY = 86400.0
# How long an exec is watched, in seconds; what it then still does, it does without us.
PATIENCE = 20.0


def perform(home: Home, environ: Mapping[str, str], fix: Fix) -> str:
    """Do it; what came of it, in words. Raises OSError, ClodputerError."""
    if fix.verb == CHMOD:
        for path in fix.paths:
            os.chmod(path, fix.mode)
    elif fix.verb == MAKE:
        homes.make(home)
    elif fix.verb == UNLINK:
        return _unlink(home, fix.paths)
    elif fix.verb == CLEAR:
        _clear(home)
    elif fix.verb == EXEC:
        return _execute(home, environ)
    elif fix.verb == INSTALL:
        return _install(home, environ)
    return "done"


def _unlink(home: Home, paths: tuple[str, ...]) -> str:
    """Remove files from `spool/tmp`, each looked at once more: one that a writer has touched since is no leftover."""
    removed = 0
    for path in paths:
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            continue
        if (
            os.path.dirname(path) == home.tmp
            and not stat.S_ISDIR(found.st_mode)
            and time() - found.st_ctime > DAY
        ):
            os.unlink(path)
            removed += 1
    return f"removed {removed}"


def _clear(home: Home) -> None:
    for name in entries(home.cache):
        path = f"{home.cache}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def _execute(home: Home, environ: Mapping[str, str]) -> str:
    """Start an exec in a session of its own: it may run longer than this terminal is open."""
    exec_ = Popen(
        _ourselves(home, "exec"),
        env={**environ, "CLODPUTER_HOME": home.root},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        status = exec_.wait(PATIENCE)
    except TimeoutExpired:
        return f"it is at work, and goes on by itself (process {exec_.pid})"
    return "done" if status == 0 else f"exec ended with exit status {status}: run clodputer exec to see why"


def _install(home: Home, environ: Mapping[str, str]) -> str:
    """Install again with the environment that is installed: a remedy must not freeze this terminal's PATH instead."""
    from clodputer.cli.commands.install import Options, install

    known = shim.read(installation.shim_path(home.root))
    frozen = {**environ, **(known.environment if known else {}), "CLODPUTER_HOME": home.root}
    schedulers = {name: load(name) for name in installation.candidates(sys.platform)}
    came = install(frozen, Options(), schedulers, time(), _nobody)
    if came.errors:
        raise came.errors[0]
    return "done"


def _nobody(*_: object) -> None:
    """Print nothing about the single steps."""


def _ourselves(home: Home, *arguments: str) -> list[str]:
    """How this very program is started once more: by the shim if that has started us, else as a module."""
    if sys.flags.no_site:
        return [shim_path(home.root), *arguments]
    return [sys.executable, *(["-I"] if sys.flags.isolated else []), "-m", "clodputer", *arguments]
