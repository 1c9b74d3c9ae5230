"""Which tests a further Python runs: every case where Pythons differ, and each other test that does not kill once."""

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
    ("paths", "left_out"),
    [
        (["tests/model"], [3, 6, 8, 9]),
        (["tests/model/test_a.py", "tests/models"], [3, 6]),
        (["tests"], []),
        ([], [1, 3, 6, 8, 9]),
    ],
)
def test_what_is_chosen(paths: list[str], left_out: list[int]) -> None:
    assert [TESTS.index(test) for test in TESTS if test not in once.chosen(TESTS, paths)] == left_out


def test_no_other_function_is_left_out() -> None:
    functions = {test.partition("[")[0] for test in TESTS if once.KILLS not in test}
    assert {test.partition("[")[0] for test in once.chosen(TESTS, [])} == functions
