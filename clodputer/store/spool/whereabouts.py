"""Where requests are that have not ended: dropped, delayed, queued or in a slot; only names are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

from clodputer.model.placename import is_mark, marked_run
from clodputer.model.request import Place, parse_place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.store.spool.slot import Slot

DROPPED, DELAYED, QUEUED, RUNNING = "dropped", "delayed", "queued", "running"


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
    """All of them, place by place in the direction in which requests move: one that moves meanwhile is seen at least once.

    That one may be seen twice. One that is put back from its slot moves the other way: look twice before it is called gone.
    """
    yield from dropped(home)
    for lane in layout.lanes(home):
        yield from delayed(home, lane)
        yield from queued(home, lane)
        yield from in_slot(home, lane)


def dropped(home: Home) -> Iterator[Found]:
    """Those that were not taken in yet, by name."""
    for name in sorted(entries(home.new)):
        yield Found(DROPPED, "", f"{home.new}/{name}", "", name)


def queued(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's queue, in the order in which they will be run."""
    for priority in layout.PRIORITIES:
        yield from _in_folder(QUEUED, lane, layout.queue(home, lane, priority))


def delayed(home: Home, lane: str) -> Iterator[Found]:
    """Those that wait for their time, the earliest first."""
    yield from _in_folder(DELAYED, lane, layout.delayed(home, lane))


def in_slot(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's slots, at most one in each."""
    for number in layout.slot_numbers(home, lane):
        folder = layout.slot(home, lane, number)
        names = entries(folder)
        task, run_id = next((marked_run(name) for name in names if is_mark(name)), ("", ""))
        for one in _of_names(RUNNING, lane, folder, names):
            yield one._replace(task=task, run_id=run_id, slot=Slot(lane, number))


def pending_ids(home: Home) -> set[str]:
    """Ids of all requests that are delayed, queued or being run.

    Folders are listed in the direction requests move, so one on its way forward is seen at least once.
    """
    found = set()
    for lane in layout.lanes(home):
        queues = (layout.queue(home, lane, priority) for priority in layout.PRIORITIES)
        slots = (layout.slot(home, lane, number) for number in layout.slot_numbers(home, lane))
        for folder in (layout.delayed(home, lane), *queues, *slots):
            for name in entries(folder):
                place = parse_place(name)
                if place is not None:
                    found.add(place.id)
    return found


def _in_folder(state: str, lane: str, folder: str) -> Iterator[Found]:
    return _of_names(state, lane, folder, sorted(entries(folder)))


def _of_names(state: str, lane: str, folder: str, names: list[str]) -> Iterator[Found]:
    for name in names:
        place = parse_place(name)
        if place is not None:
            yield Found(state, lane, f"{folder}/{name}", place.id, place.dropped, place)
