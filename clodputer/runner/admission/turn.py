"""The turn: one exec at a time lets a run begin, and whoever must not miss one that is about to begin takes a turn as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from clodputer.store.home import Home
from clodputer.store.lock import Lock

# To decide and to mark the slot takes milliseconds. Who has not come round after so many seconds is stopped or very slow.
PATIENCE = 5.0
GLANCE = 0.005


@contextmanager
def take(home: Home) -> Iterator[bool]:
    """Whether the turn is ours, until the end of the `with`; False when somebody else kept it for too long. Raises OSError."""
    lock = Lock(f"{home.ledger}/admission.lock")
    give_up = monotonic() + PATIENCE
    held = lock.acquire()
    while not held and monotonic() < give_up:
        sleep(GLANCE)
        held = lock.acquire()
    try:
        yield held
    finally:
        lock.release()
