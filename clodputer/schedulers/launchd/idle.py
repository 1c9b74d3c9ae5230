"""Whether a job may be stopped: none is killed that is at work on a run."""

from __future__ import annotations

from typing import Optional

from clodputer.schedulers.launchd import control
from clodputer.schedulers.unit import Frame
from clodputer.store.home import Home, exists
from clodputer.store.lock import Lock
from clodputer.store.spool import layout, slot


class Rest:
    """The slots of all lanes, held by us as far as they were free, so that no run begins while a job is stopped."""

    def __init__(self, home: Home) -> None:
        self.complete = True
        self._held: list[Lock] = []
        lanes = layout.lanes(home) if exists(home) else []
        for each in (each for lane in lanes for each in slot.of_lane(home, lane)):
            lock = slot.lock(home, each)
            try:
                free = lock.acquire()
            except OSError:
                self.release()
                raise
            if free:
                self._held.append(lock)
            else:
                self.complete = False

    def release(self) -> None:
        """Let runs begin again."""
        for lock in self._held:
            lock.release()


def at_rest(frame: Frame, label: str, home: str) -> Optional[Rest]:
    """Keep runs from beginning while this job is stopped; None when it may be at work on one. Raises ClodputerError.

    A job without a process is at no run, whoever holds the slots. One with a process may be, unless all of them are free.
    """
    rest = Rest(Home(home))
    if rest.complete:
        return rest
    try:
        job = control.loaded(frame, label)
    except BaseException:
        rest.release()
        raise
    if job is None or not job.pid:
        return rest
    rest.release()
    return None
