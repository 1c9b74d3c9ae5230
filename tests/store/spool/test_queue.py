"""The order of the queue: priority, then age, with urgent arrivals seen at the next pick."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.queue.score import Piece, Scored
from clodputer.model.request import Place
from clodputer.store.home import Home
from clodputer.store.spool import count, idle, queue, slot
from clodputer.store.spool.placename import parse_place
from clodputer.store.spool.queue import Queue
from clodputer.store.spool.requests import scores
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


def test_a_lower_priority_that_has_waited_for_days_goes_first(tmp_path: Path) -> None:
    """Each step of priority is made up for by a day."""
    home = make_home(tmp_path)
    day = 86_400_000_000
    late = put(home, 10 * day, 5)
    early, earlier = put(home, 7 * day + 1, 2), put(home, 7 * day - 1, 2)
    picker = Queue(home, Slot("default", 0))
    assert [claimed(home, picker) for _ in range(3)] == [earlier, late, early]


def test_one_that_comes_with_a_head_start_is_next(tmp_path: Path) -> None:
    """It has an earlier name than those that were listed before it came."""
    home = make_home(tmp_path)
    for time in range(100, 200):
        put(home, time, 3)
    picker = Queue(home, Slot("default", 0))
    for time in range(50):
        assert claimed(home, picker).microseconds == 100 + time
        ahead = put(home, time, 3)
        queue.reorder(home, "default")
        assert claimed(home, picker) == ahead


def test_a_due_request_keeps_its_head_start(tmp_path: Path) -> None:
    """One whose time comes is ordered by that time, less its head start."""
    home = make_home(tmp_path)
    before, after = put(home, 3_000_000_000, 3), put(home, 5_000_000_000, 3)
    place = Place(4_500_000_000, 3, "scored", "task.json")
    Path(queue.delayed_path(home, "default", place)).touch()
    scores.write(home, "default", "scored", Scored(2.0, (Piece("severity", 2.0, "severity low"),)))
    assert queue.promote(home, 4501.0) == [("default", "scored")]
    picker = Queue(home, Slot("default", 0))
    found = [claimed(home, picker) for _ in range(3)]
    assert found == [before, place._replace(microseconds=3_300_000_000), after]
    assert count.in_lane(home, "default").oldest is None


def test_the_oldest_is_known_by_when_it_came(tmp_path: Path) -> None:
    """A head start makes no request look older."""
    home = make_home(tmp_path)
    put(home, 4_000_000_000, 3)
    scored = Scored(5.0, ())
    place = put(home, 5_000_000_000 - scored.ahead, 3)
    scores.write(home, "default", place.id, scored)
    assert count.in_lane(home, "default").oldest == 4000.0


def test_claims_are_exact_while_others_come_first(tmp_path: Path) -> None:
    """Four slots claim at once while requests with head starts come: each is claimed by one of them, and none is left."""
    home = make_home(tmp_path)
    for number in range(1, 4):
        slot.make(home, Slot("default", number))
    total, children = 400, []
    for number in range(4):
        child = os.fork()
        if child == 0:
            claim_all(home, number, tmp_path)
        children.append(child)
    put_in = []
    for time in range(total):
        # Places jump to and fro, over all priorities.
        put_in.append(put(home, 10**9 + (time * 7919) % 10_007, 1 + time % 5).id)
        queue.reorder(home, "default")
    (tmp_path / "over").touch()
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    found = "".join((tmp_path / f"claimed-{number}").read_text() for number in range(4)).split()
    assert sorted(found) == sorted(put_in)


def claim_all(home: Home, number: int, folder: Path) -> None:
    """Claim into a slot until all is over, in a forked process, which ends here."""
    status = 1
    try:
        picker, found = Queue(home, Slot("default", number)), []
        while not (folder / "over").exists() or idle.count_queued(home, "default", 1):
            place = picker.claim()
            if place is not None:
                os.unlink(slot.path(home, Slot("default", number), place))
                found.append(place.id)
        (folder / f"claimed-{number}").write_text("\n".join(found) + "\n")
        status = 0
    finally:
        os._exit(status)
