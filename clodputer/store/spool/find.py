"""Find: where requests are, by one iterator over all places; and what an id that a person typed can mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from heapq import merge
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import aside, dropfile, idle, layout
from clodputer.store.spool.layout import is_mark, is_place, marked_run
from clodputer.store.spool.placename import parse_place
from clodputer.store.spool.slot import Slot

# Where a request can be: in the spool, or come to its end as a run.
DROPPED, DELAYED, QUEUED, RUNNING = layout.DROPPED, layout.DELAYED, layout.QUEUED, layout.RUNNING
REJECTED, DEAD, CLOSED, PARKED, RUN = "rejected", "dead", "closed", "parked", "run"
# Those that have not ended, and all; where one id is found in several places, the first of them counts.
UNENDED = (DROPPED, DELAYED, QUEUED, RUNNING)
EVERYWHERE = (RUN, REJECTED, DEAD, PARKED, CLOSED, *UNENDED)
MOST_SHOWN = 8


class Found(NamedTuple):
    """A request by where it is, its `state`. `path`: its file, or the folder of its run.

    id: empty when no name tells, as of what is only dropped. name: what it was dropped as; of what was set aside the name of
    the file there. place: in its queue. task, run_id: of its run, once that has begun. slot: the one it is in, while it is
    running.
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
    """All that have not ended, in the order of `layout.places`: one that moves on is seen at least once, perhaps twice.

    Only names are read.
    """
    yield from dropped(home)
    for lane, state, place in layout.everywhere(home):
        yield from _in_folder(state, lane, place)


def dropped(home: Home) -> Iterator[Found]:
    """Those that were not taken in yet, by name."""
    for name in sorted(entries(home.new)):
        yield Found(DROPPED, "", f"{home.new}/{name}", "", name)


def arrivals(home: Home) -> list[tuple[float, str]]:
    """What lies in `new/`, as (when it was moved there, name), the earliest first; in epoch seconds."""
    found = []
    for name in entries(home.new):
        try:
            found.append((os.lstat(f"{home.new}/{name}").st_ctime_ns, name))
        except FileNotFoundError:
            continue
    return [(moment / 1e9, name) for moment, name in sorted(found)]


def in_lane(home: Home, lane: str, *states: str, part: str = "") -> Iterator[Found]:
    """Those in a lane, only in these states if any are named; in the order of the runs, and of the moments they wait for.

    part: only those whose names contain it; of a hundred thousand names only these are split.
    """
    for state, folder in layout.places(home, lane):
        if not states or state in states:
            yield from _in_folder(state, lane, folder, part)


def runnable(home: Home, lane: str, now: float) -> Iterator[Found]:
    """Those in a lane that could be run at `now` (epoch seconds): what is queued, and what is delayed and due."""
    for found in in_lane(home, lane, DELAYED, QUEUED):
        if found.state == QUEUED or idle.due(os.path.basename(found.path), now):
            yield found


def strays(home: Home, lane: str) -> Iterator[str]:
    """The paths of what lies among a lane's requests and is none, hidden files apart: every look passes it over."""
    above = os.path.dirname(layout.queue(home, lane, layout.PRIORITIES[0]))
    for name in sorted(entries(above)):
        if name not in layout.PRIORITIES and not name.startswith("."):
            yield f"{above}/{name}"
    for state, folder in layout.places(home, lane):
        for name in sorted(entries(folder)) if state != RUNNING else ():
            if not is_place(name) and not name.startswith("."):
                yield f"{folder}/{name}"


def queued(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's queue, in the order in which they will be run."""
    folders = (_in_folder(QUEUED, lane, layout.queue(home, lane, each)) for each in layout.PRIORITIES)
    return merge(*folders, key=lambda found: found.place.turn if found.place else 0)


def delayed(home: Home, lane: str) -> Iterator[Found]:
    """Those that wait for their time, the earliest first."""
    return in_lane(home, lane, DELAYED)


def not_due(home: Home, lane: str, now: float) -> Iterator[Found]:
    """Those that wait for a time that is yet to come at `now` (epoch seconds), the earliest first."""
    return (found for found in delayed(home, lane) if not idle.due(os.path.basename(found.path), now))


def in_slot(home: Home, lane: str) -> Iterator[Found]:
    """Those in a lane's slots, at most one in each."""
    return in_lane(home, lane, RUNNING)


def running(home: Home) -> Iterator[Found]:
    """Those in the slots of all lanes."""
    for lane in layout.lanes(home):
        yield from in_slot(home, lane)


def set_aside(home: Home, state: str) -> Iterator[Found]:
    """What is REJECTED, DEAD or CLOSED, the latest first; of what was rejected no name tells the id."""
    where = folder(home, state)
    for name in aside.names(where):
        yield Found(state, "", f"{where}/{name}", "" if state == REJECTED else aside.id_of(name), name)


def past_runs(home: Home) -> Iterator[Found]:
    """The folder of every run, by task, the latest first."""
    for task in runs.tasks(home):
        for run_id in runs.ids(home, task):
            yield _run(home, task, run_id)


def pending_ids(home: Home) -> set[str]:
    """Ids of all requests that are delayed, queued or being run; of 100,000 as well, so only names are split."""
    return {
        name.split(".", 3)[2]
        for _, _, place in layout.everywhere(home)
        for name in entries(place)
        if is_place(name)
    }


def folder(home: Home, state: str) -> str:
    """The folder of what is REJECTED, DEAD, PARKED or CLOSED."""
    return {REJECTED: home.rejected, DEAD: home.dead, PARKED: home.parked, CLOSED: home.closed}[state]


def meant(home: Home, wanted: str, states: Iterable[str] = EVERYWHERE) -> Optional[Found]:
    """What a person means by `wanted`: the name of a task stands for its latest run, anything else is an id (`fitting`).

    Of what has one id it is the one in the state that is named first; None when there is none. Raises ClodputerError
    ("ambiguous"), which names those that it may be.
    """
    states = tuple(states)
    if RUN in states and wanted in runs.tasks(home):
        for run_id in runs.ids(home, wanted):
            return _run(home, wanted, run_id)
    return the_one(wanted, fitting(home, wanted, states))


def fitting(home: Home, wanted: str, states: Iterable[str]) -> list[Found]:
    """All in these states that have `wanted`; when none does, those whose id, or whose run's id, begins or ends with it.

    Of the attempts of one request only the latest counts, unless `wanted` tells them apart. A file that was set aside may
    also be named by its name, by STATE/NAME, or by its path; one that was dropped by its name. For what was dropped or
    rejected, `id` is the one that is inside, so these files are read.
    """
    exact, near = [], []
    for found, names in _named(home, states) if wanted else ():
        if wanted in names:
            exact.append(found)
            if found.run_id == wanted:
                break  # nothing else has that, and the files of the other places need not be read
        elif any(
            each.startswith(wanted) or each.endswith(wanted) for each in (found.id, found.run_id) if each
        ):
            near.append(found)
    kept: list[Found] = []
    attempted: set[tuple[str, str]] = set()
    for found in exact or near:
        attempt = (found.task, found.id)
        if found.state == RUN and not _told_apart(found, wanted) and attempt in attempted:
            continue
        attempted |= {attempt} if found.state == RUN else set()
        kept.append(found)
    return kept


def the_one(wanted: str, found: list[Found]) -> Optional[Found]:
    """The one that is meant: of what has one id the first; None when there is none.

    Raises ClodputerError ("ambiguous") when it may be several, and names them.
    """
    if len({each.id or each.path for each in found}) > 1:
        raise ambiguous(wanted, found)
    return found[0] if found else None


def ambiguous(wanted: str, found: list[Found]) -> ClodputerError:
    """The error that lists those that it may be."""
    number = sum(each.state == RUN for each in found)
    what = "runs" if number == len(found) else "runs and requests" if number else "requests"
    shown = ", ".join(map(_shown, found[:MOST_SHOWN])) + (", ..." if found[MOST_SHOWN:] else "")
    return ClodputerError(
        "ambiguous", f"{len(found)} {what} fit {wanted[:80]!r}: {shown}", "Give more of the one you mean."
    )


def handle(found: Found) -> str:
    """What stands for it on a command line: its id, or where it lies."""
    if found.state == REJECTED or not (found.run_id or found.id):
        return quote(f"{found.state}/{found.name}") if found.state not in UNENDED else found.name
    return found.run_id or found.id


def _shown(found: Found) -> str:
    return f"{found.run_id} ({found.task})" if found.state == RUN else f"{handle(found)} ({found.state})"


def _told_apart(run: Found, wanted: str) -> bool:
    """Whether it is the run that is named, and not its request."""
    return run.run_id.startswith(wanted) or (run.run_id.endswith(wanted) and len(wanted) > len(run.id))


def _named(home: Home, states: Iterable[str]) -> Iterator[tuple[Found, tuple[str, ...]]]:
    """All in these states, state by state, each with all that stands for it exactly."""
    unended = False
    for state in states:
        if state == RUN:
            for found in past_runs(home):
                yield found, (found.run_id, found.id)
        elif state not in UNENDED:
            for found in set_aside(home, state):
                yield _set_aside_named(found)
        elif not unended:
            # One walk over all of them, in the order in which they move: a request on its way is not overlooked.
            unended = True
            for found in everywhere(home):
                if found.state == DROPPED:
                    found = found._replace(id=dropfile.id_inside(found.path, found.name))
                if found.state in states:
                    yield found, (found.id, found.run_id, found.name)


def _set_aside_named(found: Found) -> tuple[Found, tuple[str, ...]]:
    names = [found.name, f"{found.state}/{found.name}", found.path]
    if found.state == REJECTED:
        if found.name.endswith(".json"):
            found = found._replace(id=dropfile.id_inside(found.path, found.name))
        names.append(os.path.splitext(found.name)[0])
    return found, (found.id, *names)


def _run(home: Home, task: str, run_id: str) -> Found:
    return Found(RUN, "", runs.folder(home, task, run_id), runs.request_of(run_id), "", None, task, run_id)


def _in_folder(state: str, lane: str, place: str, part: str = "") -> Iterator[Found]:
    names = sorted(name for name in entries(place) if part in name)
    number = layout.slot_number(place)
    slot = None if number is None else Slot(lane, number)
    task, run_id = next((marked_run(name) for name in names if is_mark(name)), ("", "")) if slot else ("", "")
    for name in names:
        waiting = parse_place(name)
        if waiting is not None:
            yield Found(
                state, lane, f"{place}/{name}", waiting.id, waiting.dropped, waiting, task, run_id, slot
            )
