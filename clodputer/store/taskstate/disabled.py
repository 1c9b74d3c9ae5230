"""Tasks that Clodputer has disabled after failures: a file each in `ledger/disabled/`; no run rewrites a person's task file."""

from __future__ import annotations

import os
from json import dumps
from typing import Optional

from clodputer.model.gates.autodisable import Disabled
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home

# In bytes; it says a few words.
LARGEST = 4096


def is_disabled(home: Home, task: str) -> bool:
    """Whether Clodputer has disabled the task, whatever its file says."""
    return os.path.lexists(_path(home, task))


def read(home: Home, task: str) -> Optional[Disabled]:
    """When and why it was; None when it was not. Of a file that cannot be read, the task stays disabled all the same."""
    if not is_disabled(home, task):
        return None
    try:
        fields = loads(plainfile.read(_path(home, task), LARGEST).content.decode())
        at = parse_moment(fields["at"], 0.0)
        return Disabled(at, int(fields["failures"]), str(fields["reason"]), str(fields["run_id"] or ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Disabled(0.0, 0, "not known", "")


def write(home: Home, task: str, disabled: Disabled) -> None:
    """Disable it. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    atomic.write(_path(home, task), dumps(disabled.to_json()).encode() + b"\n")


def clear(home: Home, task: str) -> None:
    """Take that back. Raises OSError."""
    atomic.remove(_path(home, task))


def _folder(home: Home) -> str:
    return f"{home.ledger}/disabled"


def _path(home: Home, task: str) -> str:
    return f"{_folder(home)}/{task}.json"
