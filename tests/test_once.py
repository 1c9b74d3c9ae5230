"""Which tests a further Python runs: every case where Pythons differ, one of others, and one test of each other file."""

from __future__ import annotations

import pytest

from tests import once

TESTS = [
    "tests/model/test_a.py::test_one[1]",
    "tests/model/test_a.py::test_one[2]",
    "tests/views/test_b.py::test_one[x[1]-2]",
    "tests/views/test_b.py::test_one[3]",
    "tests/views/test_b.py::test_two",
    "tests/views/test_b.py::TestIt::test_two[a]",
    "tests/views/test_b.py::TestIt::test_two[b]",
    "tests/models/test_c.py::test_one[1]",
    "tests/models/test_c.py::test_one[2]",
    "tests/models/test_c.py::test_killed_at_every_step",
]


@pytest.mark.parametrize(
    ("whole", "each", "left_out"),
    [
        (["tests/model"], ["tests/views", "tests/models"], [3, 6, 8, 9]),
        (["tests/model/test_a.py", "tests/models"], ["tests/views"], [3, 6]),
        (["tests"], [], []),
        ([], ["tests"], [1, 3, 6, 8, 9]),
        ([], ["tests/models"], [1, 3, 4, 5, 6, 8, 9]),
        (["tests/models"], [], [1, 3, 4, 5, 6]),
    ],
)
def test_what_is_chosen(whole: list[str], each: list[str], left_out: list[int]) -> None:
    assert [TESTS.index(test) for test in TESTS if test not in once.chosen(TESTS, whole, each)] == left_out


def test_no_file_is_left_out() -> None:
    files = {test.partition("::")[0] for test in TESTS}
    assert {test.partition("::")[0] for test in once.chosen(TESTS, [])} == files
