"""Migrations: a home whose format is older is brought to the present one, step by step, with a copy of what is changed kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from shutil import copy2
from typing import Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.store import holds
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.holds import LANE, Target
from clodputer.store.home import FORMAT, Home, format_of, write_format
from clodputer.store.lock import Lock
from clodputer.store.spool import aside, layout

# Another process that is at it takes as long as there is to be changed; after so many seconds it is not waited for, and
# whatever was asked for is left to the next time.
PATIENCE, GLANCE = 60.0, 0.02
_OLD_REASON = ".reason.txt"


class Migration(NamedTuple):
    """One step, from one format to the next.

    touches: the files that it changes or removes. perform: changes them; it may be killed anywhere and repeated, and must go
    well while an exec of the earlier version still runs.
    """

    touches: Callable[[Home], Iterator[str]]
    perform: Callable[[Home], None]


def bring_up(home: Home) -> None:
    """Bring a home of an older format to the present one. Raises ClodputerError ("busy"), OSError.

    What a step changes is copied to `backup/format-N/` first, N being the older format. Killed at any moment, it goes on where
    it was.
    """
    os.makedirs(home.ledger, mode=0o700, exist_ok=True)
    lock = Lock(f"{home.ledger}/format.lock")
    if not lock.wait(PATIENCE, GLANCE):
        message = f"another process is bringing {home.root} to the present format"
        raise ClodputerError("busy", message, "Try again when it has ended.")
    try:
        # Asked again: it may have been done while we waited.
        for number in range(format_of(home), FORMAT):
            migration = MIGRATIONS[number]
            if migration is not None:
                _keep(home, number, migration)
                migration.perform(home)
            write_format(home, number + 1)
    finally:
        lock.release()


def _keep(home: Home, number: int, migration: Migration) -> None:
    """Copy what is about to be changed; what an earlier try has copied stays as it is."""
    for path in migration.touches(home):
        kept = f"{home.root}/backup/format-{number}/{os.path.relpath(path, home.root)}"
        if not os.path.lexists(kept):
            os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
            copy2(path, f"{kept}~", follow_symlinks=False)
            os.rename(f"{kept}~", kept)


# From 1 to 2: reasons were texts for people, and a lane's hold lay in its lane.


def _texts_and_holds(home: Home) -> Iterator[str]:
    for folder in (home.rejected, home.dead, home.parked, home.closed):
        there = set(entries(folder))
        for name in sorted(there):
            if name.endswith(_OLD_REASON) and name[: -len(_OLD_REASON)] in there:
                yield f"{folder}/{name}"
    for lane in layout.lanes(home):
        if os.path.isfile(_old_hold(home, lane)):
            yield _old_hold(home, lane)


def _reasons_and_holds(home: Home) -> None:
    for path in _texts_and_holds(home):
        folder, name = os.path.split(path)
        if name.endswith(_OLD_REASON):
            _move_reason(folder, name[: -len(_OLD_REASON)], path)
        else:
            _move_hold(home, os.path.basename(folder), path)


def _move_reason(folder: str, name: str, path: str) -> None:
    if not os.path.lexists(f"{folder}/{name}{aside.REASON_SUFFIX}"):
        try:
            text = plainfile.read(path, aside.LARGEST).content.decode("utf-8", "replace").strip()
        except ValueError:
            return  # no file: it says nothing, and stays
        known = aside.read(folder, name)
        aside.write(f"{folder}/{name}", known._replace(message=text, at=os.stat(path).st_mtime))
    atomic.remove(path)


def _move_hold(home: Home, lane: str, path: str) -> None:
    """Move it to the others, unless one is there that ends later."""
    target = Target(LANE, lane)
    there, old = (holds.read_file(file, target) for file in (holds.path(home, target), path))
    if there is None or (old is not None and old.end > there.end):
        os.makedirs(home.holds, mode=0o700, exist_ok=True)
        os.replace(path, holds.path(home, target))
    else:
        atomic.remove(path)


def _old_hold(home: Home, lane: str) -> str:
    return f"{layout.lane(home, lane)}/hold"


# By the format from which they go on; None: nothing on the disk is different.
MIGRATIONS: dict[int, Optional[Migration]] = {
    0: None,
    1: Migration(_texts_and_holds, _reasons_and_holds),
}
