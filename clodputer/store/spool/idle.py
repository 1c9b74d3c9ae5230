"""Is there anything to do? The question nearly every `exec` ends with, asked with `os` alone."""

import os

from clodputer.store.folder import entries, has_come
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.store.spool.layout import is_place

# In the outbox: the ending of the name that says when to look for something to tell, and the moment that never comes. What
# waits there is due within so many seconds: a digest in a day, or after a week that nothing ran.
LOOK, NEVER, FARTHEST = ".look", "9999999999999", 400 * 86400.0
# In the outbox: the ending of the name of what is to be published.
PARCEL = ".parcel"


def has_drops(home: Home) -> bool:
    """Whether anything lies in `new/`. A missing home has none."""
    return count_drops(home) > 0


def was_blocked(home: Home) -> bool:
    """Whether the last exec could not work (store/blocked.py): its next one finds out whether that is over."""
    return os.path.lexists(f"{home.ledger}/blocked")


def has_letters(home: Home, now: float) -> bool:
    """Whether a letter in the outbox is due at `now` (epoch seconds), or somebody may have to be notified of something.

    That is when its time has come (a hold ends), and when the log says more than when it was read for that
    (store/outgoing/outbox.py).
    """
    for name in letters(home):
        when, _, rest = name.partition(".")
        if not when.isdecimal():
            continue
        if is_due(home, name, now):
            return True
        if name.endswith(LOOK) and rest[: -len(LOOK)] != log_stamp(home):
            return True
    return False


def letters(home: Home) -> list[str]:
    """The names in the outbox; none when it cannot be read, which keeps nothing else from being done and the doctor tells."""
    try:
        return entries(home.outbox)
    except OSError:
        return []


def has_due_letters(home: Home, now: float) -> bool:
    """Whether a letter is due at `now` (epoch seconds)."""
    return any(not name.endswith((LOOK, PARCEL)) and is_due(home, name, now) for name in letters(home))


def due_parcels(home: Home, now: float) -> list[str]:
    """The names of what is to be published at `now` (epoch seconds), and of what says that it is to be looked after."""
    return [name for name in letters(home) if name.endswith(PARCEL) and is_due(home, name, now)]


def is_due(home: Home, name: str, now: float) -> bool:
    """Whether the moment in a name of the outbox has come at `now` (epoch seconds), or the clock was put back since."""
    when = name.partition(".")[0]
    return when.isdecimal() and when != NEVER and has_come(f"{home.outbox}/{name}", when, now, FARTHEST)


def log_stamp(home: Home) -> str:
    """Which file the execution log is, and how long."""
    try:
        status = os.stat(home.log)
    except OSError:
        return "none"
    return f"{status.st_ino:x}-{status.st_size:x}"


def count_drops(home: Home) -> int:
    """How many entries lie in `new/`."""
    return len(entries(home.new))


def slots_with_work(home: Home, now: float) -> list[tuple[str, int]]:
    """The slots, as (lane, number), that are worth trying at `now` (epoch seconds).

    While something is queued or due in a lane, those are all the slots it has on disk; else those in which something was left.
    """
    found = []
    for lane in layout.lanes(home):
        numbers = layout.slot_numbers(home, lane)
        if not _waits(home, lane, now):
            numbers = [number for number in numbers if layout.occupied(layout.slot(home, lane, number))]
        found += [(lane, number) for number in numbers]
    return found


def count_queued(home: Home, lane: str, most: int) -> int:
    """How many requests are queued in a lane; counted up to `most`."""
    found = 0
    for priority in layout.PRIORITIES:
        found += _count_places(layout.queue(home, lane, priority), most - found)
    return found


def _waits(home: Home, lane: str, now: float) -> bool:
    if count_queued(home, lane, 1):
        return True
    return any(due(name, now) for name in entries(layout.delayed(home, lane)))


def due(name: str, now: float) -> bool:
    """Whether a delayed request's time has come, from the microseconds its name begins with."""
    return is_place(name) and int(name.split(".", 1)[0]) <= now * 1_000_000


def _count_places(folder: str, most: int) -> int:
    # scandir stops at the first requests, where listdir would read a folder of 100,000.
    found = 0
    try:
        with os.scandir(folder) as entries:
            while found < most:
                found += is_place(next(entries).name)
    except (StopIteration, FileNotFoundError, NotADirectoryError):
        pass
    return found
