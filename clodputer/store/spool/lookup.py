"""Lookup: what an id that a person typed can mean: a request that waits or runs, one that was set aside, or a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.store import runs
from clodputer.store.home import Home
from clodputer.store.spool import aside, dropfile, whereabouts

# The places that are searched, besides those of store/spool/whereabouts.py.
RUN, DEAD, CLOSED, REJECTED, WAITING = "run", "dead", "closed", "rejected", "waiting"
MOST_SHOWN = 8


class Bearer(NamedTuple):
    """Something that bears the id. `path`: its file, or the folder of its run; `name`: that of the file.

    found: where it is, when it has not ended. names: all that stands for it exactly.
    """

    place: str
    request_id: str
    path: str
    names: tuple[str, ...]
    name: str = ""
    task: str = ""
    run_id: str = ""
    found: Optional[whereabouts.Found] = None


def folder(home: Home, place: str) -> str:
    """The folder of what was set aside: the place is REJECTED, DEAD or CLOSED."""
    return {REJECTED: home.rejected, DEAD: home.dead, CLOSED: home.closed}[place]


def fitting(home: Home, wanted: str, places: Iterable[str]) -> list[Bearer]:
    """All in these places that bear `wanted`; when none does, those whose id, or whose run's id, begins or ends with it.

    Of the attempts of one request only the latest counts, unless `wanted` tells them apart. A file that was set aside may
    also be named by its name, by PLACE/NAME, or by its path; one that was dropped by its name.
    """
    exact, near = [], []
    for one in _everything(home, places) if wanted else ():
        if wanted in one.names:
            exact.append(one)
            if one.run_id == wanted:
                break  # nothing else bears that, and the files of the other places need not be read
        elif any(
            each.startswith(wanted) or each.endswith(wanted) for each in (one.request_id, one.run_id) if each
        ):
            near.append(one)
    kept: list[Bearer] = []
    attempted: set[tuple[str, str]] = set()
    for one in exact or near:
        attempt = (one.task, one.request_id)
        if one.place == RUN and not _apart(one, wanted) and attempt in attempted:
            continue
        attempted |= {attempt} if one.place == RUN else set()
        kept.append(one)
    return kept


def the_one(wanted: str, found: list[Bearer]) -> Optional[Bearer]:
    """The one that is meant: of what bears one id the first; None when there is none.

    Raises ClodputerError ("ambiguous") when it may be several, and names them.
    """
    if len({one.request_id or one.path for one in found}) > 1:
        raise ambiguous(wanted, found)
    return found[0] if found else None


def ambiguous(wanted: str, found: list[Bearer]) -> ClodputerError:
    """The error that lists the candidates."""
    number = sum(one.place == RUN for one in found)
    what = "runs" if number == len(found) else "runs and requests" if number else "requests"
    told = ", ".join(map(_told, found[:MOST_SHOWN])) + (", ..." if found[MOST_SHOWN:] else "")
    return ClodputerError(
        "ambiguous", f"{len(found)} {what} fit {wanted[:80]!r}: {told}", "Write more of the one you mean."
    )


def handle(one: Bearer) -> str:
    """What stands for it on a command line: its id, or where it lies."""
    if one.place == REJECTED or not (one.run_id or one.request_id):
        return quote(f"{one.place}/{one.name}") if one.name and not one.found else one.name
    return one.run_id or one.request_id


def _told(one: Bearer) -> str:
    return f"{one.run_id} ({one.task})" if one.place == RUN else f"{handle(one)} ({one.place})"


def _apart(run: Bearer, wanted: str) -> bool:
    """Whether it is the run that is named, and not its request."""
    return run.run_id.startswith(wanted) or (
        run.run_id.endswith(wanted) and len(wanted) > len(run.request_id)
    )


def _everything(home: Home, places: Iterable[str]) -> Iterator[Bearer]:
    looks = {RUN: _runs, WAITING: _waiting}
    for place in places:
        yield from looks[place](home) if place in looks else _aside(home, place)


def _runs(home: Home) -> Iterator[Bearer]:
    for task in runs.tasks(home):
        for run_id in runs.ids(home, task):
            request_id = runs.request_of(run_id)
            path = runs.folder(home, task, run_id)
            yield Bearer(RUN, request_id, path, (run_id, request_id), "", task, run_id)


def _waiting(home: Home) -> Iterator[Bearer]:
    for one in whereabouts.everywhere(home):
        request_id = one.id or (
            dropfile.id_inside(one.path, one.name) if one.state == whereabouts.DROPPED else ""
        )
        names = (request_id, one.run_id, one.name)
        yield Bearer(one.state, request_id, one.path, names, one.name, one.task, one.run_id, one)


def _aside(home: Home, place: str) -> Iterator[Bearer]:
    where = folder(home, place)
    for name in aside.names(where):
        path = f"{where}/{name}"
        inside = place == REJECTED and name.endswith(".json")
        request_id = (
            dropfile.id_inside(path, name) if inside else "" if place == REJECTED else aside.id_of(name)
        )
        names = (
            request_id,
            name,
            f"{place}/{name}",
            path,
            os.path.splitext(name)[0] if place == REJECTED else "",
        )
        yield Bearer(place, request_id, path, names, name)
