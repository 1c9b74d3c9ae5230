"""The moment in which a backup has a home to itself: nothing is taken in and no slot time is dropped, while runs go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.lock import Lock

# Another process is at it for milliseconds; one that was stopped in its turn is not waited for longer, in seconds.
PATIENCE, GLANCE = 20.0, 0.005


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Keep intake, slot times and `retry` waiting meanwhile. Raises ClodputerError ("busy") when one of them takes too long."""
    with ExitStack() as held:
        for path in (f"{home.ledger}/due.lock", f"{home.spool}/retry.lock", f"{home.spool}/intake.lock"):
            lock = Lock(path)
            if not lock.wait(PATIENCE, GLANCE):
                raise ClodputerError("busy", f"another process holds {path}", "Try again.")
            held.callback(lock.release)
        yield
