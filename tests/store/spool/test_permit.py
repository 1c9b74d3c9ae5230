"""Permits: never more than are allowed, whoever holds them, and however many there were before."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import permit
from tests.workshop import make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.mark.parametrize(
    ("held", "most", "wanted", "taken"),
    [(0, 3, 2, 2), (0, 3, 9, 3), (2, 3, 9, 1), (3, 3, 1, 0), (3, 2, 1, 0), (3, 4, 4, 1), (0, 1, 0, 0)],
)
def test_so_many_are_taken(home: Home, held: int, most: int, wanted: int, taken: int) -> None:
    """Those that others hold count, also when fewer are allowed by now."""
    others = permit.take(home, 3, held)
    assert len(others) == held
    ours = permit.take(home, most, wanted)
    assert len(ours) == taken
    for lock in (*others, *ours):
        lock.release()
    assert len(permit.take(home, most, 99)) == most


def test_what_was_not_wanted_is_free(home: Home) -> None:
    """Only what is returned is held."""
    first = permit.take(home, 2, 1)
    second = permit.take(home, 2, 1)
    assert len({lock.path for lock in (*first, *second)}) == 2
    assert permit.take(home, 2, 1) == []
