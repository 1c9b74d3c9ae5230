"""Orders to run tools whose reports triggers read, as names of empty files: an `exec` with nothing due reads nothing else."""

# Only `os`: this is on the way of every `exec`. An order, `ledger/tools/orders/<index>.<task>`, says that the tool of a task's
# trigger is to be run, and stays until it was.
from __future__ import annotations

import os

from clodputer.store.folder import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.store.home import Home


def waiting(home: Home) -> list[str]:
    """The orders there are."""
    return sorted(name for name in entries(_orders(home)) if not name.startswith("."))


def parts(order: str) -> tuple[str, int]:
    """The task of an order, and which of its triggers; ("", 0) for a name that is none."""
    index, _, task = order.partition(".")
    return (task, int(index)) if index.isdecimal() and len(index) < 6 and task else ("", 0)


def place(home: Home, task: str, index: int) -> None:
    """Have the tool of a task's trigger, its `index`-th, be run; asked for twice it is run once. Raises OSError."""
    os.makedirs(_orders(home), mode=0o700, exist_ok=True)
    os.close(os.open(f"{_orders(home)}/{index}.{task}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def done(home: Home, name: str) -> None:
    """Take an order away. Raises OSError."""
    try:
        os.unlink(f"{_orders(home)}/{name}")
    except FileNotFoundError:
        pass


def _orders(home: Home) -> str:
    return f"{home.ledger}/tools/orders"
