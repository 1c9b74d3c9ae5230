"""The spool: a request's place is its state, a rename is the transition, and nothing is deleted on failure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from json import dumps
from shlex import quote
from typing import Any

from clodputer.model.request import parse_place
from clodputer.store import atomic, idle
from clodputer.store.home import PRIORITIES, Home, entries
from clodputer.store.home import lane as lane_folder
from clodputer.store.spool import queue, waits

REASON_SUFFIX = ".reason.txt"
# In bytes. File systems allow 255; a reason that is being written adds 24 to the name, with a number before it.
LONGEST_KEPT, SHORTENED = 230, 200


def drop(home: Home, name: str, fields: Mapping[str, Any]) -> None:
    """Put a request into `new/` as JSON under that file name: the public door, also for ourselves. Raises OSError."""
    atomic.write(f"{home.new}/{name}", dumps(fields).encode() + b"\n", through=home.tmp)


def promote(home: Home, now: float) -> list[tuple[str, str]]:
    """Move the delayed requests whose time has come into their queues; (lane, request id) of each that was early.

    Those that a gate kept waiting take their old places again, to be asked about anew: mostly they wait on.
    """
    moved = []
    for lane in lanes(home):
        for name in sorted(entries(f"{lane_folder(home, lane)}/delayed")):
            place = parse_place(name)
            if place is None or not idle.due(name, now):
                continue
            waiting = waits.read(home, lane, place.id)
            target = place if waiting is None else place._replace(microseconds=waiting.order)
            try:
                os.rename(queue.delayed_path(home, lane, place), queue.path(home, lane, target))
            except FileNotFoundError:
                continue  # another exec promoted it
            if waiting is None:
                moved.append((lane, place.id))
    return moved


def lanes(home: Home) -> list[str]:
    """The lanes there are."""
    return sorted(entries(home.lanes))


def pending_ids(home: Home) -> set[str]:
    """Ids of all requests that are delayed, queued or being run.

    Folders are listed in the direction requests move, so one on its way forward is seen at least once.
    """
    found = set()
    for lane in lanes(home):
        folder = lane_folder(home, lane)
        for place_folder in ("delayed", *(f"queue/{priority}" for priority in PRIORITIES), "slot-0"):
            for name in entries(f"{folder}/{place_folder}"):
                place = parse_place(name)
                if place is not None:
                    found.add(place.id)
    return found


def _kept_name(name: str) -> str:
    """What a file is kept as: a name that leaves room for that of its reason, and does not look like one."""
    data = os.fsencode(name)
    if len(data) > LONGEST_KEPT:
        return f"{data[:SHORTENED].decode('utf-8', 'ignore')}~{blake2b(data, digest_size=8).hexdigest()}"
    return f"{name}~" if name.endswith((REASON_SUFFIX, ".reason.json")) else name


def set_aside(home: Home, path: str, folder: str, prefix: str, name: str, reason: str) -> str:
    """Move a file of any kind, unopened, into `rejected/`, `dead/` or `closed/`, its reason beside it; where it is now.

    `name` is what it was dropped as: the reason ends with the command that drops it again under that name. The reason is
    written first: a crash in between leaves a reason too many, never a file without one. Without fsync: what a power cut undoes
    is done again, and ten thousand stray files should not take minutes. Raises FileNotFoundError when the file is gone
    meanwhile, OSError.
    """
    kept, number = f"{folder}/{_kept_name(prefix + name)}", 1
    while os.path.lexists(kept) or os.path.lexists(kept + REASON_SUFFIX):
        number += 1
        kept = f"{folder}/{number}.{_kept_name(prefix + name)}"
    again = f"mv {quote(kept)} {quote(f'{home.new}/{name}')}"
    text = f"{reason.rstrip()}\n\nTo drop it again, once that is fixed:\n  {again}\n"
    atomic.write(kept + REASON_SUFFIX, text.encode("utf-8", "backslashreplace"), durable=False)
    try:
        os.rename(path, kept)
    except OSError:
        # Somebody was quicker, or it cannot be moved. Where another process set it aside, the reason there is its own.
        if not os.path.lexists(kept):
            atomic.remove(kept + REASON_SUFFIX)
        raise
    return kept
