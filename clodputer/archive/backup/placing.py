"""Where each request of a backup goes, from all the places in which it was seen and what the log said meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

from clodputer.model.request import Place

# Where a request was seen, beside the states of a lane.
NEW, SLOT, LANE, ENDED = "new", "slot", "lane", "ended"


class Sighting(NamedTuple):
    """A request's file at one moment. where: NEW, SLOT, LANE or ENDED. path: from the home on. inode: which file it is.

    In a slot: its lane and number, and task, run_id and started of the mark beside it, if there is one. place: what its name
    says; None of what was only dropped, and not asked of what has ended.
    """

    where: str
    path: str
    inode: int
    lane: str = ""
    slot: int = 0
    task: str = ""
    run_id: str = ""
    started: bool = False
    place: Optional[Place] = None

    @property
    def request_id(self) -> str:
        """The id in its name; empty of what was only dropped."""
        return self.place.id if self.place else ""


class Begun(NamedTuple):
    """A run that the log says was started while the backup looked."""

    task: str
    run_id: str
    lane: str


class Waiting(NamedTuple):
    """A request that goes to `path`, there to be run."""

    inode: int
    path: str


class Running(NamedTuple):
    """A request whose run may have been started: it goes into a slot, with the mark of that run. mark: where that was seen."""

    inode: int
    name: str
    lane: str
    slot: int
    task: str
    run_id: str
    mark: str


class Placed(NamedTuple):
    """The places of all requests; each file is in one of them at most."""

    waiting: tuple[Waiting, ...]
    running: tuple[Running, ...]


def place(sightings: Iterable[Sighting], begun: Mapping[str, Begun]) -> Placed:
    """Decide for each request, once, where it goes. begun: by request id, the last run that was started meanwhile.

    One that has ended stays where it ended. One whose run may have been started, as its mark or the log says, is in a slot
    with that mark: whoever finds it there settles it by its record, or as lost. A claimed one of which nothing was started
    goes back to its queue, and any other is where it was seen last.
    """
    files: dict[int, list[Sighting]] = {}
    for one in sightings:
        files.setdefault(one.inode, []).append(one)
    waiting: list[Waiting] = []
    running: list[Running] = []
    taken: set[tuple[str, int]] = set()
    for inode, seen in files.items():
        if any(one.where == ENDED for one in seen):
            continue
        request_id = next((one.request_id for one in reversed(seen) if one.request_id), "")
        at_work = _at_work(seen, begun.get(request_id))
        if at_work is None:
            waiting.append(Waiting(inode, _waiting_path(seen)))
            continue
        name = next(one.path.rpartition("/")[2] for one in reversed(seen) if one.request_id)
        number = at_work.slot
        while (at_work.lane, number) in taken:
            number += 1  # slots beyond those that a lane has are put in order as well
        taken.add((at_work.lane, number))
        running.append(at_work._replace(inode=inode, name=name, slot=number))
    return Placed(tuple(waiting), tuple(running))


def _at_work(seen: list[Sighting], begun: Optional[Begun]) -> Optional[Running]:
    mark = next((one for one in reversed(seen) if one.where == SLOT and one.started), None)
    if mark is not None and (begun is None or begun.run_id == mark.run_id or seen[-1] is mark):
        folder = mark.path.rpartition("/")[0]
        return Running(
            mark.inode,
            "",
            mark.lane,
            mark.slot,
            mark.task,
            mark.run_id,
            f"{folder}/{mark.task}@{mark.run_id}.started",
        )
    if begun is not None:
        return Running(0, "", begun.lane, 0, begun.task, begun.run_id, "")
    return None


def _waiting_path(seen: list[Sighting]) -> str:
    last = seen[-1]
    if last.where != SLOT or last.place is None:
        return last.path
    name = last.path.rpartition("/")[2]
    return f"spool/lanes/{last.lane}/queue/{last.place.priority}/{name}"
