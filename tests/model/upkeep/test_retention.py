"""Retention: what goes is the oldest, never what is needed, and never more than has to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.upkeep.retention import Limits, Thing, outdated

NOW = 1000.0
ALL = Limits(10**9, 10**9, 10**9)


def things(*ages: int, needed: tuple[int, ...] = (), size: int = 10) -> list[Thing]:
    return [Thing(str(age), NOW - age, size, age in needed) for age in ages]


def going(found: list[Thing], limits: Limits) -> list[str]:
    return [thing.name for thing in outdated(found, limits, NOW)]


def test_by_age_by_number_and_by_bytes() -> None:
    """Each limit by itself, the oldest first."""
    found = things(1, 300, 200, 2)
    assert going(found, ALL) == []
    assert going(found, ALL._replace(age=100)) == ["300", "200"]
    assert going(found, ALL._replace(age=200)) == ["300"]
    assert going(found, ALL._replace(number=1)) == ["300", "200", "2"]
    assert going(found, ALL._replace(size=30)) == ["300"]
    assert going(found, ALL._replace(size=29)) == ["300", "200"]


def test_what_is_needed_stays_and_counts() -> None:
    """It takes its place from the others."""
    found = things(1, 300, 200, 2, needed=(300,))
    assert going(found, ALL._replace(age=100)) == ["200"]
    assert going(found, ALL._replace(number=2)) == ["200", "2"]
    assert going(found, ALL._replace(size=0)) == ["200", "2", "1"]


def test_what_is_spare_goes_first_where_there_are_too_many() -> None:
    """Whatever its age; only what is too old goes before it."""
    found = [thing._replace(spare=thing.name in ("1", "2")) for thing in things(1, 300, 200, 2)]
    assert going(found, ALL._replace(number=3)) == ["2"]
    assert going(found, ALL._replace(size=10)) == ["2", "1", "300"]
    assert going(found, ALL._replace(age=250, number=2)) == ["300", "2"]
    assert going(found, ALL._replace(age=250)) == ["300"]


def test_from_the_future() -> None:
    """A clock that went back makes nothing old."""
    assert going(things(-500), ALL._replace(age=1)) == []


LISTS = st.lists(
    st.builds(Thing, st.uuids().map(str), st.floats(0, 2 * NOW), st.integers(0, 100), st.booleans()),
    max_size=12,
)


@given(LISTS, st.builds(Limits, st.floats(0, NOW), st.integers(0, 12), st.integers(0, 600)))
def test_properties(found: list[Thing], limits: Limits) -> None:
    """Nothing needed goes; what goes is older than what stays, or spare; afterwards the limits hold; again nothing goes."""
    gone = outdated(found, limits, NOW)
    left = [thing for thing in found if thing not in gone]
    free = [thing for thing in left if not thing.needed]
    assert not any(thing.needed for thing in gone)
    assert all(thing.at >= NOW - limits.age for thing in free)
    if free:
        assert len(left) <= limits.number
        assert sum(thing.size for thing in left) <= limits.size
        for thing in gone:
            alike = [other.at for other in free if other.spare == thing.spare]
            assert not alike or thing.at <= min(alike)
            # What is not spare goes for its age alone while anything spare is there.
            assert thing.spare or thing.at < NOW - limits.age or not any(other.spare for other in free)
    assert outdated(left, limits, NOW) == []
