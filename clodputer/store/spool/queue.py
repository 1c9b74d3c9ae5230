"""The queue of one lane: one folder for each priority, names in order of age, claimed by rename."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Optional

from clodputer.model.request import Place, parse_place
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import idle, layout, waits
from clodputer.store.spool.slot import Slot
from clodputer.store.spool.waits import Waiting


class Queue:
    """The order in which a drain takes the requests of its slot's lane; it lives as long as the drain holds the slot.

    A folder that was listed is remembered until its names are used up, so that a pick costs the same with 100 requests
    waiting as with 100,000. That passes nobody over: whatever arrives later in the same folder bears a later time, and
    a higher priority's folder, when nothing of it is remembered, is listed afresh at every pick.
    """

    def __init__(self, home: Home, slot: Slot) -> None:
        self.slot = layout.slot(home, slot.lane, slot.number)
        self._folders = [layout.queue(home, slot.lane, priority) for priority in layout.PRIORITIES]
        self._remembered: dict[str, list[str]] = {}

    def claim(self) -> Optional[Place]:
        """Move the first request into the slot and return its place, or None when nothing is queued.

        Of several racers exactly one wins each rename. The caller makes it durable, with its own mark, by one fsync of the
        slot's folder.
        """
        for folder in self._folders:
            names = self._remembered.get(folder) or self._list(folder)
            fresh = folder not in self._remembered
            while names or not fresh:
                if not names:
                    # Other slots took all that was remembered; something may have come since.
                    names, fresh = self._list(folder), True
                    continue
                name = names.pop()
                place = parse_place(name)
                if place is None:
                    continue
                try:
                    os.rename(f"{folder}/{name}", f"{self.slot}/{name}")
                except FileNotFoundError:
                    continue  # cancelled meanwhile
                self._remembered[folder] = names
                return place
            self._remembered.pop(folder, None)
        return None

    @staticmethod
    def _list(folder: str) -> list[str]:
        try:
            return sorted(os.listdir(folder), reverse=True)
        except FileNotFoundError:
            return []


def move(path: str, target: str) -> str:
    """Move a request into a queue or among the delayed; where it is now. Raises FileNotFoundError when it is gone, OSError."""
    target = free(target)
    os.rename(path, target)
    return target


def free(target: str) -> str:
    """The place `target`, or the next one, a microsecond later each, in which nothing lies.

    So no move replaces a request. Requests that wait or run have different ids, which intake sees to, and so different names:
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

    Those that a gate kept waiting take their old places again, to be asked about anew: mostly they wait on.
    """
    moved = []
    for lane in layout.lanes(home):
        for name in sorted(entries(layout.delayed(home, lane))):
            place = parse_place(name)
            if place is None or not idle.due(name, now):
                continue
            waiting = waits.read(home, lane, place.id)
            target = place if waiting is None else place._replace(microseconds=waiting.order)
            try:
                move(delayed_path(home, lane, place), path(home, lane, target))
            except FileNotFoundError:
                continue  # another exec promoted it
            if waiting is None:
                moved.append((lane, place.id))
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
    return moved
