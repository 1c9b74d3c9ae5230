"""Where requests are that have not ended: dropped, delayed, queued or in a slot; only names are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

from clodputer.model.placename import is_mark, is_place, marked_run
from clodputer.model.request import Place, parse_place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.store.spool.slot import Slot

DROPPED, DELAYED, QUEUED, RUNNING = layout.DROPPED, layout.DELAYED, layout.QUEUED, layout.RUNNING


class Found(NamedTuple):
    """A request by its place. `id` is empty while it is only dropped, `name` is what it was dropped as.

    slot: the one it is in, while it is running; task, run_id: of its run, once that has begun.
    """

    state: str
    lane: str
    path: str
    id: str
    name: str
    place: Optional[Place] = None
    task: str = ""
    run_id: str = ""
    slot: Optional[Slot] = None


def everywhere(home: Home) -> Iterator[Found]:
    """All of them, in the order of `layout.places`: one that moves on meanwhile is seen at least once, and perhaps twice."""
    yield from dropped(home)
    for lane in layout.lanes(home):
        yield from in_lane(home, lane)


def dropped(home: Home) -> Iterator[Found]:
    """Those that were not taken in yet, by name."""
    for name in sorted(entries(home.new)):
        yield Found(DROPPED, "", f"{home.new}/{name}", "", name)


def in_lane(home: Home, lane: str, *states: str) -> Iterator[Found]:
    """Those in a lane, only in these states if any are named; in the order of the runs, and of the moments they wait for."""
    for state, folder in layout.places(home, lane):
        if not states or state in states:
            yield from _in_folder(state, lane, folder)


def queued(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's queue, in the order in which they will be run."""
    return in_lane(home, lane, QUEUED)


def delayed(home: Home, lane: str) -> Iterator[Found]:
    """Those that wait for their time, the earliest first."""
    return in_lane(home, lane, DELAYED)


def in_slot(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's slots, at most one in each."""
    return in_lane(home, lane, RUNNING)


def pending_ids(home: Home) -> set[str]:
    """Ids of all requests that are delayed, queued or being run; of 100,000 as well, so only names are split."""
    return {
        name.split(".", 3)[2]
        for lane in layout.lanes(home)
        for _, folder in layout.places(home, lane)
        for name in entries(folder)
        if is_place(name)
    }


def _in_folder(state: str, lane: str, folder: str) -> Iterator[Found]:
    names = sorted(entries(folder))
    number = layout.slot_number(folder)
    slot = None if number is None else Slot(lane, number)
    task, run_id = next((marked_run(name) for name in names if is_mark(name)), ("", "")) if slot else ("", "")
    for name in names:
        place = parse_place(name)
        if place is not None:
            yield Found(state, lane, f"{folder}/{name}", place.id, place.dropped, place, task, run_id, slot)
