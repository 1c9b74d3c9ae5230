"""The queue of one lane: one folder for each priority, names in order of age, claimed by rename."""

from __future__ import annotations

import os
from typing import Optional

from clodputer.model.request import Place, parse_place
from clodputer.store.home import PRIORITIES, Home
from clodputer.store.home import lane as lane_folder


class Queue:
    """The order in which a drain takes the requests of its lane; it lives as long as the drain holds the slot.

    A folder that was listed is remembered until its names are used up, so that a pick costs the same with 100 requests
    waiting as with 100,000. That passes nobody over: whatever arrives later in the same folder bears a later time, and
    a higher priority's folder, when nothing of it is remembered, is listed afresh at every pick.
    """

    def __init__(self, home: Home, lane: str) -> None:
        self.slot = f"{lane_folder(home, lane)}/slot-0"
        self._folders = [f"{lane_folder(home, lane)}/queue/{priority}" for priority in PRIORITIES]
        self._remembered: dict[str, list[str]] = {}

    def claim(self) -> Optional[Place]:
        """Move the first request into the slot and return its place, or None when nothing is queued.

        Of several racers exactly one wins each rename. The caller makes it durable, with its own mark, by one fsync of the
        slot's folder.
        """
        for folder in self._folders:
            names = self._remembered.get(folder) or self._list(folder)
            while names:
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


def path(home: Home, lane: str, place: Place) -> str:
    """Where a queued request of that place lies."""
    return f"{lane_folder(home, lane)}/queue/{place.priority}/{place}"


def delayed_path(home: Home, lane: str, place: Place) -> str:
    """Where a delayed request of that place lies; its microseconds say when it is due."""
    return f"{lane_folder(home, lane)}/delayed/{place}"
