"""Permits: how many requests of all lanes together are run at once (max_concurrent), each one a lock file that is held."""

from __future__ import annotations

import os

from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock

_ENDING = ".lock"


def take(home: Home, most: int, wanted: int) -> list[Lock]:
    """Take up to `wanted` of `most` permits, whichever are free; for whoever has the turn (`runner/admission/turn.py`).

    Numbers from `most` on belong to runs that began when more were allowed: they count until they end. The kernel gives a
    permit back when its holder dies, so that nothing need be counted or put right. Raises OSError.
    """
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    free: list[Lock] = []
    try:
        numbers = sorted({*_numbers(home), *range(most)})
        for number in numbers:
            lock = Lock(f"{_folder(home)}/{number}{_ENDING}")
            if lock.acquire():
                free.append(lock)
        kept = max(0, min(wanted, most - (len(numbers) - len(free))))
    except BaseException:
        for lock in free:
            lock.release()
        raise
    for lock in free[kept:]:
        lock.release()
    return free[:kept]


def _numbers(home: Home) -> list[int]:
    names = (name[: -len(_ENDING)] for name in entries(_folder(home)) if name.endswith(_ENDING))
    return [int(name) for name in names if name.isdecimal()]


def _folder(home: Home) -> str:
    return f"{home.ledger}/permits"
