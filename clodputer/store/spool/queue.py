"""The queue of one lane: one folder for each priority, names in the order of their turns, claimed by rename."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Optional

from clodputer.model.request import Place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import idle, layout
from clodputer.store.spool.placename import parse_place
from clodputer.store.spool.requests import scores, waits
from clodputer.store.spool.requests.waits import Waiting
from clodputer.store.spool.slot import Slot


class Queue:
    """The order in which a drain takes the requests of its slot's lane; it lives as long as the drain holds the slot.

    A folder that was listed is remembered until its names are used up, so that a pick costs the same with 100 requests
    waiting as with 100,000. That passes nobody over: whatever arrives later in the same folder has a later time, unless its
    score puts it ahead, and then whoever moved it there has called `reorder`, which has all folders listed afresh.
    """

    def __init__(self, home: Home, slot: Slot) -> None:
        self.slot = layout.slot(home, slot.lane, slot.number)
        self._mark = _mark(home, slot.lane)
        self._seen: Optional[int] = None
        self._folders = [layout.queue(home, slot.lane, priority) for priority in layout.PRIORITIES]
        # Of each folder the names that were seen there, the next one last.
        self._remembered: dict[str, list[str]] = {}

    def claim(self) -> Optional[Place]:
        """Move the request whose turn it is into the slot and return its place, or None when nothing is queued.

        Of several racers exactly one wins each rename. The caller makes it durable, with its own mark, by one fsync of the
        slot's folder.
        """
        self._look_for_changes()
        while True:
            first = [(place.turn, folder, place) for folder in self._folders for place in self._first(folder)]
            if not first:
                return None
            _, folder, place = min(first, key=lambda found: found[0])
            name = self._remembered[folder].pop()
            try:
                os.rename(f"{folder}/{name}", f"{self.slot}/{name}")
            except FileNotFoundError:
                continue  # cancelled meanwhile, or another slot's
            return place

    def _look_for_changes(self) -> None:
        try:
            seen = os.stat(self._mark).st_mtime_ns
        except FileNotFoundError:
            return
        if seen != self._seen:
            # Before anything is listed: what comes after this look changes the mark once more.
            self._seen = seen
            self._remembered.clear()

    def _first(self, folder: str) -> tuple[Place, ...]:
        """The first place in a folder, or none; what lies there and is no request is passed over."""
        names = self._remembered.get(folder) or self._list(folder)
        while names:
            place = parse_place(names[-1])
            if place is not None:
                self._remembered[folder] = names
                return (place,)
            names.pop()
        self._remembered.pop(folder, None)
        return ()

    @staticmethod
    def _list(folder: str) -> list[str]:
        try:
            return sorted(os.listdir(folder), reverse=True)
        except FileNotFoundError:
            return []


def reorder(home: Home, lane: str) -> None:
    """Say that something was moved into a queue of the lane before others that lay there. Raises OSError.

    Whoever is killed in between leaves the request where it is found when the names are used up that a drain remembers.
    """
    mark = _mark(home, lane)
    os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    # In nanoseconds of our own: the file system's clock stands still for some milliseconds.
    now = time.time_ns()
    os.utime(mark, ns=(now, now))


def _mark(home: Home, lane: str) -> str:
    return f"{layout.lane(home, lane)}/queue/.reordered"


def move(path: str, target: str) -> str:
    """Move a request into a queue or among the delayed; where it is now. Raises FileNotFoundError when it is gone, OSError."""
    target = free(target)
    os.rename(path, target)
    return target


def free(target: str) -> str:
    """The place `target`, or the next one, a microsecond later each, in which nothing lies.

    So no move replaces a request. Requests that wait or run have different ids, which intake handles, and so different names:
    nobody else moves something to the same place in the meantime.
    """
    folder, name = os.path.split(target)
    place = parse_place(name)
    while place is not None and os.path.lexists(target):
        place = place._replace(microseconds=place.microseconds + 1)
        target = f"{folder}/{place}"
    return target


def path(home: Home, lane: str, place: Place) -> str:
    """Where a queued request of that place lies."""
    return f"{layout.queue(home, lane, str(place.priority))}/{place}"


def delayed_path(home: Home, lane: str, place: Place) -> str:
    """Where a delayed request of that place lies; its microseconds say when it is due."""
    return f"{layout.delayed(home, lane)}/{place}"


def promote(home: Home, now: float) -> list[tuple[str, str]]:
    """Move the delayed requests whose time has come into their queues; (lane, request id) of each that was early.

    Those that a gate kept waiting take their old places again, to be asked about again: mostly they wait on.
    """
    moved = []
    for lane in layout.lanes(home):
        ahead: Optional[dict[str, int]] = None
        early = False
        for name in sorted(entries(layout.delayed(home, lane))):
            place = parse_place(name)
            if place is None or not idle.due(name, now):
                continue
            waiting = waits.read(home, lane, place.id)
            ahead = scores.ahead(home, lane) if ahead is None else ahead
            order = max(0, place.microseconds - ahead.get(place.id, 0)) if waiting is None else waiting.order
            target = place._replace(microseconds=order)
            try:
                move(delayed_path(home, lane, place), path(home, lane, target))
            except FileNotFoundError:
                continue  # another exec promoted it
            early = early or waiting is not None or place.id in ahead
            if waiting is None:
                moved.append((lane, place.id))
        if early:
            reorder(home, lane)
    return moved


def wake(home: Home, lane: str, wanted: Callable[[Waiting], bool], request_id: str = "") -> list[str]:
    """Move the delayed requests of a lane whose reason to wait is `wanted` into their queues, before their time; their ids.

    request_id: only this one; empty for all. They take their old places again, and whatever still keeps one waiting makes it
    wait on. Raises OSError.
    """
    moved = []
    for name in sorted(entries(layout.delayed(home, lane))):
        place = parse_place(name)
        if place is None or request_id not in ("", place.id):
            continue
        waiting = waits.read(home, lane, place.id)
        if waiting is None or not wanted(waiting):
            continue
        try:
            move(
                delayed_path(home, lane, place), path(home, lane, place._replace(microseconds=waiting.order))
            )
        except FileNotFoundError:
            continue  # an exec promoted it, or a person cancelled it
        moved.append(place.id)
    if moved:
        reorder(home, lane)
    return moved
