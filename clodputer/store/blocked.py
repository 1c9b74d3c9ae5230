"""What keeps every run from being started, such as a config.yaml with a mistake: logged once for each cause."""

# The shim writes the same file when it cannot even start Python (schedulers/shim.py).
from __future__ import annotations

import os
from time import time
from typing import NamedTuple, Optional

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home, exists, is_newer, is_own
from clodputer.store.program import incomplete

# In bytes; messages of config.yaml name every mistake.
LARGEST = 65536
# Codes of what is wrong with the installation that alarms start, and that another one, in a terminal, does not see.
OF_THE_INSTALLATION = (incomplete.CODE, "shim_broken")


class Cause(NamedTuple):
    """Why nothing is started. package: the Python package that is missing, or ""."""

    error: ClodputerError
    package: str = ""


def known(home: Home) -> Optional[Cause]:
    """The cause that the last exec or the shim met; None when it met none."""
    lines = _read(home).decode("utf-8", "replace").split("\n", 3)
    if len(lines) < 4:
        return None
    code, hint, package, message = lines
    return Cause(ClodputerError(code, message.rstrip("\n"), hint), package)


def ask(home: Home) -> None:
    """Raise the ClodputerError of a package that was missing and is so still, before anything is touched."""
    cause = known(home)
    if cause is not None and cause.package and incomplete.still(cause.package):
        raise cause.error


def report(home: Home, error: ClodputerError, package: str = "") -> None:
    """Log that nothing runs, and why, unless that was logged already. Never raises: the error itself is shown anyway."""
    cause = f"{error.code}\n{error.hint}\n{package}\n{error.message}"
    data = cause.encode("utf-8", "replace")[:LARGEST]
    try:
        # In another account's home we leave nothing: its owner could not write to our files.
        usable = exists(home) and is_own(home) and not is_newer(home)
        if not usable or _read(home) == data:
            return
        found = _secrets(home)
        # Not as `look_on` has it: that reads config.yaml, for which a package may be missing.
        context = Context(home, os.environ, Settings(), found, secrets.masker_for(found, os.environ))
        context.log(time(), "blocked", reason=error.code, message=error.message)
        atomic.write(_path(home), data, durable=False)
    except (OSError, ClodputerError):
        pass


def report_incomplete(home: Home, error: BaseException) -> None:
    """The same for what an import has raised, if that means that the installation is not whole."""
    problem = incomplete.explain(error)
    if problem is not None:
        report(home, problem, incomplete.missing(error))


def over(home: Home) -> None:
    """Forget the cause: if it comes back, it is logged again."""
    if os.path.lexists(_path(home)):
        atomic.remove(_path(home))


def _secrets(home: Home) -> dict[str, str]:
    try:
        return dict(secrets.load(home))
    except ClodputerError:
        return dict(secrets.salvage(home))


def _read(home: Home) -> bytes:
    try:
        return plainfile.read(_path(home), LARGEST).content
    except (OSError, ValueError):
        return b""


def _path(home: Home) -> str:
    return f"{home.ledger}/blocked"
