"""The layout of the spool: the name of every folder of a lane, of its slots and their locks, and of the files in them."""

# Only `os` is imported: this is on the way of an `exec` that finds nothing to do.
import os

from clodputer.store.folder import entries
from clodputer.store.home import Home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Optional


PRIORITIES = ("5", "4", "3", "2", "1")
# The states of a request that has not ended, in the direction in which it moves.
DROPPED, DELAYED, QUEUED, RUNNING = "dropped", "delayed", "queued", "running"
_SLOT = "slot-"
# The ending of what is known of a job (store/spool/requests/jobs.py).
JOB = ".job"
# The endings of the mark of a run, before and after something of it may have been started.
BEGUN, STARTED = ".run", ".started"


def lanes(home: Home) -> list[str]:
    """The lanes there are, by name."""
    return sorted(name for name in entries(home.lanes) if not name.startswith("."))


def lane(home: Home, name: str) -> str:
    """The folder of a lane."""
    return f"{home.lanes}/{name}"


def queue(home: Home, lane: str, priority: str) -> str:
    """The folder of a lane's queued requests of one priority (one of PRIORITIES)."""
    return f"{home.lanes}/{lane}/queue/{priority}"


def delayed(home: Home, lane: str) -> str:
    """The folder of a lane's requests whose time has not come."""
    return f"{home.lanes}/{lane}/delayed"


def slot(home: Home, lane: str, number: int) -> str:
    """The folder of a slot: it holds the one request being run, and the mark of its run."""
    return f"{home.lanes}/{lane}/{_SLOT}{number}"


def slot_lock(home: Home, lane: str, number: int) -> str:
    """The lock file of a slot, which lies beside its folder and is never unlinked."""
    return f"{slot(home, lane, number)}.lock"


def slot_numbers(home: Home, lane: str) -> list[int]:
    """The numbers of the slots that a lane has on disk, in order, whatever its settings say."""
    numbers = map(slot_number, entries(f"{home.lanes}/{lane}"))
    return sorted(number for number in numbers if number is not None)


def slot_number(folder: str) -> "Optional[int]":
    """The number of the slot whose folder this is, a name or a path; None for other folders and for locks."""
    name = folder.rpartition("/")[2]
    digits = name[len(_SLOT) :]
    if name.startswith(_SLOT) and digits.isdecimal() and digits == str(int(digits)):
        return int(digits)
    return None


def places(home: Home, lane: str) -> list[tuple[str, str]]:
    """Every folder of a lane in which requests lie, as (state, path), in the direction in which requests move.

    Listed in this order, one that moves on meanwhile is seen at least once. One that is put back from its slot moves the other
    way: look twice before it is called gone.
    """
    return [
        (DELAYED, delayed(home, lane)),
        *((QUEUED, queue(home, lane, priority)) for priority in PRIORITIES),
        *((RUNNING, slot(home, lane, number)) for number in slot_numbers(home, lane)),
    ]


def everywhere(home: Home) -> "Iterator[tuple[str, str, str]]":
    """The `places` of every lane, as (lane, state, path)."""
    for name in lanes(home):
        for state, folder in places(home, name):
            yield name, state, folder


def occupied(folder: str) -> bool:
    """Whether a request, the mark of a run, or what is known of a job, lies in the folder of a slot."""
    return any(is_place(name) or is_mark(name) or name.endswith(JOB) for name in entries(folder))


def make_lane(home: Home, name: str) -> None:
    """Make the folders of a lane that are missing: its queues, the delayed requests, and its first slot. Raises OSError."""
    for folder in _folders(home, name):
        os.makedirs(folder, mode=0o700, exist_ok=True)


def complete_lane(home: Home, name: str) -> None:
    """Make the folders again that somebody has taken out of a lane; nothing where no lane of that name is. Raises OSError."""
    if os.path.isdir(lane(home, name)) and not all(map(os.path.isdir, _folders(home, name))):
        make_lane(home, name)


def is_place(name: str) -> bool:
    """Whether a name has the shape `<microseconds>.<priority>.<id>.<dropped name>`; stray files are not ours."""
    parts = name.split(".", 3)
    return (
        len(parts) == 4
        and parts[0].isascii()
        and parts[0].isdecimal()
        and parts[1] in PRIORITIES
        and parts[2] != ""
    )


def is_mark(name: str) -> bool:
    """Whether a name is the mark of a run, `<task>@<run id>.run`; '@' is in no task's name and in no run id.

    Once something of the run may have been started it ends in `.started`.
    """
    task, run_id = marked_run(name) if "@" in name and name.endswith((BEGUN, STARTED)) else ("", "")
    return task != "" and run_id != ""


def marked_run(mark: str) -> tuple[str, str]:
    """The task and the run id that a mark names."""
    task, _, rest = mark.partition("@")
    return task, rest[: -len(STARTED if rest.endswith(STARTED) else BEGUN)]


def _folders(home: Home, lane: str) -> tuple[str, ...]:
    return (
        *(queue(home, lane, priority) for priority in PRIORITIES),
        delayed(home, lane),
        slot(home, lane, 0),
    )
