"""Parcels on disk: those to be sent wait in the outbox, under names that say when; others wait for a person, or have ended."""

# A name in the outbox is `<due, in epoch milliseconds>.<id>.parcel`, so that an exec with nothing to send reads only names.
from __future__ import annotations

import os
from collections.abc import Iterator
from json import dumps
from typing import Optional

from clodputer.model.publish.parcel import Parcel, from_json, to_json
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries, touch
from clodputer.store.home import Home
from clodputer.store.spool.idle import PARCEL, is_due, letters

# In bytes: several times as much as intents may have together, as their texts grow when they are made harmless.
LARGEST = 16 * 1024 * 1024
# Of those that have come to their end the oldest are removed.
MOST_ENDED = 1000
# The name that says when the fates of what was published are looked at again; no parcel.
LOOK = "outcomes"


def name_of(parcel: Parcel) -> str:
    """The name of its file in the outbox."""
    return f"{int(parcel.due * 1000):013d}.{parcel.id}{PARCEL}"


def move_in(home: Home, path: str, parcel: Parcel, *, staged: bool) -> None:
    """Move one that was written elsewhere on the same file system to where it waits. Raises OSError."""
    target = _staged(home, parcel.id) if staged else f"{home.outbox}/{name_of(parcel)}"
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    os.rename(path, target)
    atomic.sync_folder(os.path.dirname(target))


def names(home: Home) -> list[str]:
    """The names of all that wait to be sent, the one that is due first before the others."""
    return sorted(name for name in letters(home) if name.endswith(PARCEL) and id_of(name) != LOOK)


def due_names(home: Home, now: float) -> list[str]:
    """Those that are due at `now` (epoch seconds)."""
    return [name for name in names(home) if is_due(home, name, now)]


def read(home: Home, name: str) -> Optional[Parcel]:
    """The parcel of that name in the outbox; None when it is gone, or is none."""
    return _read(f"{home.outbox}/{name}")


def waiting(home: Home) -> Iterator[Parcel]:
    """All that wait to be sent."""
    yield from filter(None, (read(home, name) for name in names(home)))


def staged(home: Home) -> list[Parcel]:
    """Those that wait for a person, the oldest first."""
    found = (_read(f"{home.outbox}/staged/{name}") for name in entries(f"{home.outbox}/staged"))
    return sorted(filter(None, found), key=lambda one: (one.created_at, one.id))


def ended(home: Home) -> list[Parcel]:
    """Those that were given up or denied, the oldest first."""
    found = (_read(f"{home.outbox}/ended/{name}") for name in sorted(entries(f"{home.outbox}/ended")))
    return [parcel for parcel in found if parcel is not None]


def of_run(home: Home, task: str, run_id: str) -> Optional[Parcel]:
    """The parcel of a run, wherever it lies; None when it has none, or all of it was sent."""
    return next((one for one in everything(home) if (one.task, one.run_id) == (task, run_id)), None)


def everything(home: Home) -> Iterator[Parcel]:
    """All parcels that there are."""
    yield from waiting(home)
    yield from staged(home)
    yield from ended(home)


def keep(home: Home, name: str, parcel: Parcel) -> str:
    """Write a parcel in its new state, for good, under the name that says when it is due; that name. Raises OSError."""
    target = name_of(parcel)
    atomic.write(f"{home.outbox}/{target}", _bytes(parcel))
    if target != name:
        atomic.remove(f"{home.outbox}/{name}")
    return target


def finish(home: Home, name: str) -> None:
    """Take away a parcel of which nothing is left to do. Raises OSError."""
    atomic.remove(f"{home.outbox}/{name}")


def release(home: Home, parcel: Parcel) -> None:
    """Let one that waits for a person, or has ended, be sent in the state given. Raises OSError, FileNotFoundError for none."""
    for path in (_staged(home, parcel.id), _ended(home, parcel.run_id)):
        if os.path.lexists(path):
            # In the same place first: the rename that follows happens once.
            atomic.write(path, _bytes(parcel))
            os.rename(path, f"{home.outbox}/{name_of(parcel)}")
            atomic.sync_folder(home.outbox)
            return
    raise FileNotFoundError(2, "there is no such parcel", parcel.id)


def end(home: Home, path_name: str, parcel: Parcel) -> None:
    """Put a parcel with its last state among those that have ended. path_name: of its file in the outbox, or empty for a
    staged one. Raises OSError.
    """
    folder = f"{home.outbox}/ended"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    # Run ids sort by time: the oldest names are the oldest parcels.
    atomic.write(_ended(home, parcel.run_id), _bytes(parcel))
    atomic.remove(f"{home.outbox}/{path_name}" if path_name else _staged(home, parcel.id))
    there = sorted(entries(folder))
    for old in there[: max(0, len(there) - MOST_ENDED)]:
        atomic.remove(f"{folder}/{old}")


def set_aside(home: Home, name: str) -> None:
    """Move a file that is no parcel away as it is. Raises OSError."""
    os.makedirs(home.dead_letters, mode=0o700, exist_ok=True)
    os.rename(f"{home.outbox}/{name}", f"{home.dead_letters}/{name}")


def note_look(home: Home, at: Optional[float]) -> None:
    """Note when the fates of what was published are to be looked at (epoch seconds; None for never). Raises OSError."""
    wanted = "" if at is None else f"{int(at * 1000):013d}.{LOOK}{PARCEL}"
    before = looks(home)
    if wanted:
        os.makedirs(home.outbox, mode=0o700, exist_ok=True)
        touch(f"{home.outbox}/{wanted}")  # it may be there already, from before the clock was put back
    for name in before:
        if name != wanted:
            atomic.remove(f"{home.outbox}/{name}")


def looks(home: Home) -> list[str]:
    """The names that say when to look."""
    return [name for name in letters(home) if name.endswith(PARCEL) and id_of(name) == LOOK]


def id_of(name: str) -> str:
    """The id in the name of a file in the outbox."""
    return name[: -len(PARCEL)].partition(".")[2]


def _staged(home: Home, parcel_id: str) -> str:
    return f"{home.outbox}/staged/{parcel_id}{PARCEL}"


def _ended(home: Home, run_id: str) -> str:
    return f"{home.outbox}/ended/{run_id}{PARCEL}"


def _bytes(parcel: Parcel) -> bytes:
    return dumps(to_json(parcel)).encode() + b"\n"


def _read(path: str) -> Optional[Parcel]:
    try:
        return from_json(loads(plainfile.read(path, LARGEST).content.decode()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
