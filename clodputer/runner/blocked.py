"""What keeps every run from being started, such as a config.yaml with a mistake: logged once for each cause."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time

from clodputer.model.errors import ClodputerError
from clodputer.store import atomic, plainfile
from clodputer.store import home as homes
from clodputer.store.context import look_on
from clodputer.store.home import Home

# In bytes; messages of config.yaml name every mistake.
LARGEST = 65536


def report(environ: Mapping[str, str], error: ClodputerError) -> None:
    """Log that nothing runs, and why, unless that was logged already. Never raises: the error itself is told anyway."""
    home = homes.locate(environ)
    cause = f"{error.code}\n{error.message}".encode("utf-8", "replace")[:LARGEST]
    try:
        if not homes.exists(home) or _known(home) == cause:
            return
        context = look_on(environ)
        context.log(time(), "blocked", reason=error.code, message=error.message)
        atomic.write(_path(home), cause, durable=False)
    except (OSError, ClodputerError):
        pass


def over(home: Home) -> None:
    """Forget the cause: if it comes back, it is logged again."""
    if os.path.lexists(_path(home)):
        atomic.remove(_path(home))


def _known(home: Home) -> bytes:
    try:
        return plainfile.read(_path(home), LARGEST).content
    except (OSError, ValueError):
        return b""


def _path(home: Home) -> str:
    return f"{home.ledger}/blocked"
