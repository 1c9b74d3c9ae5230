"""Blocks of ports that runs have: `ports/BASE` in the home is a link that points to nothing but the id of the run."""

# A link is made whole or not at all, and only when there is none of its name: so no lock is needed, and no kill can leave a
# block of which nobody knows whose it is.
from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from typing import Callable, Optional
from zlib import crc32

from clodputer.model.isolate import provision
from clodputer.store.folder import entries
from clodputer.store.home import Home


def take(folder: str, run_id: str, occupied: Callable[[Collection[int]], bool]) -> Optional[int]:
    """The first port of a block that is this run's from now on; None when none is free. Raises OSError.

    occupied: whether somebody has one of these ports already.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    bases = list(provision.bases())
    # Other homes begin elsewhere, as they do not see our links.
    first = crc32(os.fsencode(folder)) % len(bases)
    for base in (*bases[first:], *bases[:first]):
        try:
            os.symlink(run_id, f"{folder}/{base}")
        except FileExistsError:
            continue
        if not occupied(range(base, base + provision.BLOCK)):
            return base
        os.unlink(f"{folder}/{base}")
    return None


def free(folder: str, run_id: str) -> None:
    """Free what a run has. Never raises, and may be repeated."""
    with suppress(OSError):
        for base, owner in _taken(folder):
            if owner == run_id:
                os.unlink(f"{folder}/{base}")


def taken(home: Home) -> dict[int, str]:
    """The first port of each block that is taken, with the run that has it. Raises OSError."""
    return dict(_taken(home.ports))


def sweep(home: Home, at_work: Callable[[], Collection[str]]) -> None:
    """Free the blocks of runs that are not going on any more, should a power cut have left any. Raises OSError.

    at_work: the runs that go on. It is asked after the blocks were read: a run is among them before it takes its block.
    """
    found = _taken(home.ports)
    going_on = at_work() if found else ()
    for base, owner in found:
        if owner not in going_on:
            with suppress(FileNotFoundError):
                os.unlink(f"{home.ports}/{base}")


def _taken(folder: str) -> list[tuple[int, str]]:
    found = []
    for name in entries(folder):
        # Whatever else lies there is not ours.
        with suppress(OSError, ValueError):
            found.append((int(name), os.readlink(f"{folder}/{name}")))
    return sorted(found)
