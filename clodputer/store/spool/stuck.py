"""Files in `new/` that can neither be taken in nor be moved away, with the reason: for `status` and `doctor`."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps

from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json


def load(home: Home) -> dict[str, str]:
    """The reason for each such file name, as the last intake found them. Raises OSError."""
    fields = read_json(_path(home))
    return {str(name): str(reason) for name, reason in fields.items()} if isinstance(fields, dict) else {}


def save(home: Home, reasons: Mapping[str, str]) -> None:
    """Keep the reasons, by file name; without any the file goes. Raises OSError."""
    if reasons:
        atomic.write(_path(home), dumps(dict(reasons)).encode(), durable=False)
    else:
        atomic.remove(_path(home))


def _path(home: Home) -> str:
    return f"{home.spool}/stuck.json"
