"""Where requests go, from whatever was seen of them: each file is in one place at most, and none is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.backup.placing import ENDED, LANE, NEW, SLOT, Begun, Running, Sighting, Waiting, place
from clodputer.store.spool.placename import parse_place

NAME = "100.3.abcd.x.json"
QUEUED = f"spool/lanes/l/queue/3/{NAME}"
IN_SLOT = f"spool/lanes/l/slot-0/{NAME}"


def sighting(
    where: str,
    path: str,
    inode: int,
    lane: str = "",
    slot: int = 0,
    task: str = "",
    run_id: str = "",
    *,
    started: bool = False,
) -> Sighting:
    """One with what its name says."""
    named = parse_place(path.rpartition("/")[2])
    return Sighting(where, path, inode, lane, slot, task, run_id, started, named)


def test_what_waits_is_where_it_was_seen_last() -> None:
    seen = [sighting(LANE, f"spool/lanes/l/delayed/{NAME}", 1, "l"), sighting(LANE, QUEUED, 1, "l")]
    assert place(seen, {}).waiting == (Waiting(1, QUEUED),)


def test_what_was_claimed_goes_back_to_its_queue() -> None:
    assert place([sighting(SLOT, IN_SLOT, 1, "l")], {}).waiting == (Waiting(1, QUEUED),)
    begun_only = sighting(SLOT, IN_SLOT, 1, "l", 0, "t", "r", started=False)
    assert place([begun_only], {}).waiting == (Waiting(1, QUEUED),)


def test_what_was_started_stays_in_its_slot_with_its_mark() -> None:
    started = sighting(SLOT, IN_SLOT, 1, "l", 2, "t", "r", started=True)
    mark = "spool/lanes/l/slot-0/t@r.started"
    assert place([started], {}).running == (Running(1, NAME, "l", 2, "t", "r", mark),)


def test_what_the_log_says_was_started_is_in_a_slot_although_it_was_seen_waiting() -> None:
    found = place([sighting(LANE, QUEUED, 1, "l")], {"abcd": Begun("t", "r", "l")})
    assert (found.waiting, found.running) == ((), (Running(1, NAME, "l", 0, "t", "r", ""),))


def test_what_has_ended_is_nowhere_else() -> None:
    seen = [sighting(SLOT, IN_SLOT, 1, "l", 0, "t", "r", started=True), sighting(ENDED, "spool/dead/x", 1)]
    assert place(seen, {"abcd": Begun("t", "r", "l")}) == ((), ())


def test_two_that_were_seen_in_one_slot_have_one_each() -> None:
    seen = [
        sighting(
            SLOT,
            f"spool/lanes/l/slot-0/{number}.3.abc{number}.x",
            number,
            "l",
            0,
            "t",
            f"r{number}",
            started=True,
        )
        for number in (1, 2)
    ]
    assert [one.slot for one in place(seen, {}).running] == [0, 1]


SIGHTINGS = st.builds(
    lambda where, inode, slot, started: sighting(
        where,
        f"spool/new/{inode}.json" if where == NEW else f"spool/lanes/l/x/{inode}.3.id-{inode}.x.json",
        inode,
        "l",
        slot,
        "t",
        f"r{inode}" if started else "",
        started=started,
    ),
    st.sampled_from((NEW, LANE, SLOT, ENDED)),
    st.integers(1, 4),
    st.integers(0, 2),
    st.booleans(),
)


@given(st.lists(SIGHTINGS, max_size=12), st.sets(st.integers(1, 4)))
def test_each_is_in_one_place_at_most_and_those_that_have_not_ended_in_one(
    seen: list[Sighting], begun: set[int]
) -> None:
    found = place(seen, {f"id-{number}": Begun("t", "late", "l") for number in begun})
    placed = [one.inode for one in found.waiting] + [one.inode for one in found.running]
    assert len(placed) == len(set(placed))
    ended = {one.inode for one in seen if one.where == ENDED}
    assert set(placed) == {one.inode for one in seen} - ended
    slots = [(one.lane, one.slot) for one in found.running]
    assert len(slots) == len(set(slots))
