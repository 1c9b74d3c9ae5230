"""What a run changed: what git prints is read, two moments are compared, and the record's list is put together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.proof.changed import (
    Tree,
    between,
    status,
)

HEAD = "# branch.oid 1b2c\0# branch.head main\0# branch.ab +0 -0\0"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", ("", ())),
        ("# branch.oid (initial)\0# branch.head main\0? a b.txt\0", ("", ("a b.txt",))),
        (HEAD, ("1b2c", ())),
        (f"{HEAD}1 .M N... 100644 100644 100644 aa bb src/a file.py\0", ("1b2c", ("src/a file.py",))),
        (f"{HEAD}1 A. N... 0 100644 100644 0 bb \n\0? -x\0", ("1b2c", ("\n", "-x"))),
        (f"{HEAD}u UU N... 1 2 3 4 a b c both.txt\0", ("1b2c", ("both.txt",))),
        (f"{HEAD}1 .M N... cut off\0? \0!! ignored\0", ("1b2c", ("",))),
    ],
)
def test_what_git_prints(output: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert status(output) == expected


@given(st.text())
def test_whatever_git_prints(output: str) -> None:
    """It is read, or left out."""
    head, paths = status(output)
    assert head in output
    assert all(path in output for path in paths)


A, B = [1, 2, 3, 4], [1, 9, 3, 4]


@pytest.mark.parametrize(
    ("before", "after", "committed", "expected"),
    [
        ({}, {}, (), ()),
        ({"x": A}, {"x": A}, (), ()),
        ({"x": A}, {"x": B}, (), ("x",)),
        ({}, {"x": A, "a": None}, (), ("a", "x")),
        ({"x": A}, {}, (), ("x",)),
        ({"x": None}, {"x": None}, (), ()),
        ({"x": None}, {}, (), ("x",)),
        ({"x": A}, {}, ("y", "x"), ("x", "y")),
    ],
)
def test_two_moments(before: Any, after: Any, committed: Any, expected: tuple[str, ...]) -> None:
    """What was changed before the run and left alone by it is no change of the run's."""
    assert between(Tree("/t", "1", before), Tree("/t", "2", after), committed) == expected
