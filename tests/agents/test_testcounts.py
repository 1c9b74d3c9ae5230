"""How many tests ran, by what their runners print; and of several commands the last one counts."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents.claude.reading.testcounts import LONGEST_LOOKED_AT, in_output
from clodputer.model.proof.changed import Counts
from tests.agents.streams import called, init, judged, result

JEST = """
Test Suites: 1 failed, 2 passed, 3 total
Tests:       1 failed, 2 skipped, 1 todo, 10 passed, 14 total
Snapshots:   0 total
Time:        1.2 s
"""
VITEST = """
 Test Files  1 failed | 2 passed (3)
      Tests  1 failed | 10 passed | 2 skipped (13)
   Start at  10:00:00
"""
CARGO = """
running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests thing
test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
"""
GO_VERBOSE = """
=== RUN   TestOne
=== RUN   TestOne/part
--- PASS: TestOne (0.00s)
    --- PASS: TestOne/part (0.00s)
--- FAIL: TestTwo (0.01s)
--- SKIP: TestThree (0.00s)
FAIL
FAIL\texample.com/thing\t0.010s
"""
GO = """
--- FAIL: TestTwo (0.01s)
FAIL
FAIL\texample.com/a\t0.010s
ok  \texample.com/b\t0.2s
ok  \texample.com/c\t(cached)
FAIL
"""
UNITTEST = "..F.s\n----------\nRan 5 tests in 0.003s\n\nFAILED (failures=1, skipped=1)\n"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", None),
        ("all fine", None),
        ("3 passed the exam in 2s", None),
        ("==== 3 passed in 0.12s ====", Counts(3, 3, 0)),
        ("\x1b[32m== \x1b[1m3 passed\x1b[0m, 2 skipped in 0.12s ==\x1b[0m", Counts(3, 3, 0)),
        (
            "1 failed, 4 passed, 1 xfailed, 1 error, 3 deselected, 2 warnings in 61.20s (0:01:01)",
            Counts(7, 5, 2),
        ),
        ("== no tests ran in 0.01s ==", None),
        ("== 2 skipped in 0.01s ==", None),
        (UNITTEST, Counts(4, 3, 1)),
        ("Ran 1 test in 0.000s\n\nOK\n", Counts(1, 1, 0)),
        ("Ran 0 tests in 0.000s\n\nFAILED (errors=1)\n", Counts(1, 0, 1)),
        ("Ran 4 tests in 0.1s\r\n\r\nOK (expected failures=1)\r\n", Counts(4, 4, 0)),
        (JEST, Counts(11, 10, 1)),
        (VITEST, Counts(11, 10, 1)),
        (CARGO, Counts(6, 4, 2)),
        (GO_VERBOSE, Counts(2, 1, 1)),
        (GO, Counts(3, 2, 1)),
        ("FAIL\texample.com/a [build failed]\n", Counts(1, 0, 1)),
        (f"{JEST}\n=== 2 passed in 1.0s ===", Counts(13, 12, 1)),
        ("=== 9 passed in 1.0s ===\n" + "x" * LONGEST_LOOKED_AT, None),
        ("x" * LONGEST_LOOKED_AT + "\n=== 9 passed in 1.0s ===\n", Counts(9, 9, 0)),
    ],
)
def test_what_a_command_printed(output: str, expected: Optional[Counts]) -> None:
    assert in_output(output) == expected


WORDS = st.sampled_from(
    ["12 passed", ", ", "=", "= ", "1 failed", " in 1s", "\n", "Tests: ", "Ran 3 tests", "ok \t", "9" * 40]
)


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_whatever_a_command_prints(output: str) -> None:
    """The figures are possible ones, and nothing is raised."""
    tests = in_output(output)
    if tests is not None:
        assert tests.run == tests.passed + tests.failed > 0
        assert min(tests) >= 0


def printed(call: str, content: Any, *, failed: bool = False) -> dict[str, Any]:
    """What a call of a tool came back with."""
    block = {"type": "tool_result", "tool_use_id": call, "content": content, "is_error": failed}
    return {"type": "user", "message": {"role": "user", "content": [block]}}


def test_the_last_command_with_tests_counts() -> None:
    """Also one that failed, as it does when a test fails; what other tools bring does not count."""
    red = (
        called("1", command="pytest"),
        printed("1", "Exit code 1\n1 failed, 2 passed in 0.1s", failed=True),
    )
    green = (called("2", command="pytest"), printed("2", [{"type": "text", "text": "3 passed in 0.1s"}]))
    look = (called("3", command="ls"), printed("3", "a b c"))
    read = (called("4", "Read", file_path="/log"), printed("4", "99 passed in 0.1s"))
    report = judged(init(), *red, *look, result())
    assert report.done is not None
    assert report.done.tests == Counts(3, 2, 1)
    report = judged(init(), *red, *green, *look, *read, result())
    assert report.done is not None
    assert report.done.tests == Counts(3, 3, 0)


def test_the_files_that_it_changed() -> None:
    """Those of calls that did not fail; a notebook too."""
    report = judged(
        init(),
        called("1", "Edit", file_path="/a"),
        printed("1", "ok"),
        called("2", "Write", file_path="/b"),
        printed("2", "no permission", failed=True),
        called("3", "NotebookEdit", notebook_path="/c.ipynb"),
        printed("3", "ok"),
        called("4", "Edit", file_path="/a"),
        printed("4", "ok"),
        called("5", "Write", file_path=7),
        printed("5", "ok"),
        called("6", "Write", file_path="/never-answered"),
        result(),
    )
    assert report.done is not None
    assert report.done.files == ("/a", "/c.ipynb")
