"""The order of the queue: priority, then age, with urgent arrivals seen at the next pick."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.request import Place, parse_place
from clodputer.store.home import Home
from clodputer.store.spool import queue, slot
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.slot import Slot
from tests.workshop import make_home


def put(home: Home, microseconds: int, priority: int, name: str = "") -> Place:
    """A queued request; its id says its time and priority."""
    place = Place(microseconds, priority, f"id{microseconds}p{priority}", name or "task.json")
    Path(queue.path(home, "default", place)).touch()
    return place


def claimed(home: Home, picker: Queue) -> Place:
    """The next claim, taken out of the slot again."""
    place = picker.claim()
    assert place is not None
    os.unlink(slot.path(home, Slot("default", 0), place))
    return place


def test_priority_then_age(tmp_path: Path) -> None:
    """All of a higher priority go first, and within one the oldest."""
    home = make_home(tmp_path)
    places = [put(home, time, priority) for priority in (1, 5, 3) for time in (30, 10, 20)]
    picker = Queue(home, Slot("default", 0))
    order = [claimed(home, picker) for _ in places]
    assert order == sorted(places, key=lambda place: (-place.priority, place.microseconds))
    assert picker.claim() is None


def test_an_urgent_arrival_comes_next(tmp_path: Path) -> None:
    """A request of higher priority that arrives between two picks is the next one, though the rest was listed before."""
    home = make_home(tmp_path)
    for time in range(100):
        put(home, time, 3)
    picker = Queue(home, Slot("default", 0))
    for time in range(50):
        assert claimed(home, picker).priority == 3
        urgent = put(home, 1000 + time, 5)
        assert claimed(home, picker) == urgent


def test_a_cancelled_request_is_passed_over(tmp_path: Path) -> None:
    """A file taken away after the listing does not stop the drain."""
    home = make_home(tmp_path)
    first, second, third = (put(home, time, 3) for time in (1, 2, 3))
    picker = Queue(home, Slot("default", 0))
    assert claimed(home, picker) == first
    os.unlink(queue.path(home, "default", second))
    assert claimed(home, picker) == third


def test_stray_files_are_none_of_our_business(tmp_path: Path) -> None:
    """What a person leaves in a queue folder is neither run nor moved."""
    home = make_home(tmp_path)
    stray = Path(home.lanes, "default", "queue", "3", "notes.txt")
    stray.touch()
    assert Queue(home, Slot("default", 0)).claim() is None
    assert stray.exists()


@given(
    microseconds=st.integers(0, 10**16 - 1),
    priority=st.integers(1, 5),
    request_id=st.from_regex(r"[a-z0-9][a-z0-9-]{3,47}", fullmatch=True),
    dropped=st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1),
)
def test_a_name_reads_back(microseconds: int, priority: int, request_id: str, dropped: str) -> None:
    """Every place is read back from its name, whatever the dropped file was called."""
    place = Place(microseconds, priority, request_id, dropped)
    assert parse_place(str(place)) == place


@given(st.lists(st.integers(0, 10**16 - 1), unique=True))
def test_names_sort_by_age(times: list[int]) -> None:
    """A listing sorted as text is in order of time."""
    names = [str(Place(time, 3, "abcd", "x")) for time in times]
    assert [int(name.split(".")[0]) for name in sorted(names)] == sorted(times)
