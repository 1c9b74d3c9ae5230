"""Tools whose reports triggers read: which are to be run, as the names of empty files, and what the last runs have left."""

# An order, `ledger/tools/orders/<index>.<task>`, says that the tool of a task's trigger is to be run, and stays until it was.
# What a run leaves is `ledger/tools/<task>.<mark>/<id>/`: its streams and, once it has ended, `ended.json`. Only `os` at the
# top: that there are orders is asked on the way of every `exec`.
from __future__ import annotations

import os

from clodputer.store.folder import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Optional

    from clodputer.store.home import Home

ENDED = "ended.json"
STDOUT = "stdout"


def ordered(home: Home) -> list[str]:
    """The orders there are."""
    return sorted(name for name in entries(_orders(home)) if not name.startswith("."))


def parts(order: str) -> tuple[str, int]:
    """The task of an order, and which of its triggers; ("", 0) for a name that is none."""
    index, _, task = order.partition(".")
    return (task, int(index)) if index.isdecimal() and len(index) < 6 and task else ("", 0)


def order(home: Home, task: str, index: int) -> None:
    """Have the tool of a task's trigger, its `index`-th, be run; asked for twice it is run once. Raises OSError."""
    os.makedirs(_orders(home), mode=0o700, exist_ok=True)
    os.close(os.open(f"{_orders(home)}/{index}.{task}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def done(home: Home, name: str) -> None:
    """Take an order away. Raises OSError."""
    try:
        os.unlink(f"{_orders(home)}/{name}")
    except FileNotFoundError:
        pass


def folder(home: Home, task: str, mark: str, run: str = "") -> str:
    """Where the runs of the tool are that a mark stands for, or one of them."""
    place = f"{home.ledger}/tools/{task}.{mark}"
    return f"{place}/{run}" if run else place


def newest(home: Home, task: str, mark: str) -> tuple[str, Optional[Mapping[str, Any]]]:
    """The id of the latest run that has ended, and how it did; ("", None) when there is none."""
    from clodputer.store.runs import read_json

    place = folder(home, task, mark)
    for run in sorted(entries(place), reverse=True):
        fields = read_json(f"{place}/{run}/{ENDED}")
        if fields is not None:
            return run, fields
    return "", None


def end(home: Home, task: str, mark: str, run: str, fields: Mapping[str, Any]) -> None:
    """Write down how a run has ended; from then on it counts, and earlier ones are removed. Raises OSError."""
    from clodputer.store.runs import write_json

    write_json(f"{folder(home, task, mark, run)}/{ENDED}", fields, durable=True)
    forget(home, task, mark, but=run)


def forget(home: Home, task: str, mark: str, but: str = "") -> None:
    """Remove what the runs have left, but of one."""
    from shutil import rmtree

    place = folder(home, task, mark)
    for run in entries(place):
        if run != but:
            rmtree(f"{place}/{run}", ignore_errors=True)
    if not but:
        rmtree(place, ignore_errors=True)


def _orders(home: Home) -> str:
    return f"{home.ledger}/tools/orders"
